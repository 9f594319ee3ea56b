#pragma once
#include <string>

namespace troika::h3 {

std::string library_version();  // "nghttp3 1.2.3", as linked at run time

}  // namespace troika::h3
