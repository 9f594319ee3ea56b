#pragma once
#include <string>

namespace troika::uv {

std::string library_version();  // "libuv 1.2.3", as linked at run time

}  // namespace troika::uv
