add_library(troika_warnings INTERFACE)
target_compile_options(troika_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 14 reports library code of its own (std::variant, std::string) under -O2 with these.
  target_compile_options(troika_warnings INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict)
endif()
