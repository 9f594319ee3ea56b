# Standard headers that most files include, compiled once for the product and once for the tests: they
# take longer to read than the files themselves. A file still includes what it uses.
set(common_headers <algorithm> <array> <atomic> <chrono> <cstddef> <cstdint> <cstring> <deque> <expected>
    <filesystem> <format> <fstream> <functional> <list> <map> <memory> <mutex> <optional> <set> <span>
    <string> <string_view> <thread> <unordered_map> <utility> <vector>)

# troika_precompiled(NAME headers...) makes NAME; others use it by target_precompile_headers(... REUSE_FROM
# NAME) when they compile with the same options.
function(troika_precompiled name)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "// Only so that there is a target.\n")
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cc)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_link_libraries(${name} PRIVATE troika_options troika_warnings)
endfunction()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(troika_options INTERFACE -fpch-preprocess)  # for ccache
endif()
troika_precompiled(troika_common ${common_headers})
