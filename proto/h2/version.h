#pragma once
#include <string>

namespace troika::h2 {

std::string library_version();  // "nghttp2 1.2.3", as linked at run time

}  // namespace troika::h2
