#pragma once
#include <string>

namespace troika::tls {

std::string library_version();  // "OpenSSL 1.2.3", as linked at run time

}  // namespace troika::tls
