# Libraries through pkg-config, with the oldest version that is known to work.
find_package(PkgConfig REQUIRED)

function(troika_dependency name module minimum package)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET "${module}>=${minimum}")
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${module} >= ${minimum} was not found: run ./dev deps, or install the package ${package}.")
  endif()
  add_library(deps::${name} ALIAS PkgConfig::${name})
endfunction()

troika_dependency(openssl openssl 3.5 libssl-dev)
troika_dependency(nghttp2 libnghttp2 1.64 libnghttp2-dev)
troika_dependency(ngtcp2_core libngtcp2 1.22 libngtcp2-dev)
troika_dependency(ngtcp2_ossl libngtcp2_crypto_ossl 1.22 libngtcp2-crypto-ossl-dev)
troika_dependency(nghttp3 libnghttp3 1.15 libnghttp3-dev)
troika_dependency(uv libuv 1.50 libuv1-dev)
troika_dependency(cli11_headers CLI11 2.4 libcli11-dev)
troika_dependency(json nlohmann_json 3.11 nlohmann-json3-dev)
troika_dependency(zlib zlib 1.2 zlib1g-dev)
troika_dependency(brotli libbrotlienc 1.0 libbrotli-dev)
troika_dependency(brotlidec libbrotlidec 1.0 libbrotli-dev)
troika_dependency(crypt libcrypt 4.4 libcrypt-dev)
troika_dependency(zstd libzstd 1.5 libzstd-dev)

# Only its headers: the shared library has exceptions, and is not needed for one file (toml_file.cc).
troika_dependency(tomlplusplus_library tomlplusplus 3.4 libtomlplusplus-dev)
add_library(deps_tomlplusplus INTERFACE)
target_include_directories(deps_tomlplusplus SYSTEM INTERFACE ${tomlplusplus_library_INCLUDE_DIRS})
add_library(deps::tomlplusplus ALIAS deps_tomlplusplus)

add_library(deps_ngtcp2 INTERFACE)
target_link_libraries(deps_ngtcp2 INTERFACE deps::ngtcp2_ossl deps::ngtcp2_core)
add_library(deps::ngtcp2 ALIAS deps_ngtcp2)

troika_dependency(llhttp libllhttp 9.2 libllhttp-dev)

find_package(Threads REQUIRED)

# Debian has CLI11 as headers alone, which take seconds for each file that includes them. Here its
# functions are compiled once.
pkg_get_variable(cli11_include CLI11 includedir)
file(GLOB cli11_parts RELATIVE ${cli11_include} ${cli11_include}/CLI/impl/*.hpp)
list(TRANSFORM cli11_parts REPLACE "(.+)" "#include <\\1>" OUTPUT_VARIABLE cli11_lines)
list(JOIN cli11_lines "\n" cli11_lines)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/cli11.cc CONTENT "#include <CLI/CLI.hpp>\n${cli11_lines}\n")
add_library(deps_cli11 STATIC ${PROJECT_BINARY_DIR}/cli11.cc)
target_compile_definitions(deps_cli11 PUBLIC CLI11_COMPILE)
target_link_libraries(deps_cli11 PUBLIC deps::cli11_headers PRIVATE troika_options)
add_library(deps::cli11 ALIAS deps_cli11)
