#pragma once
#include <string>

namespace troika::quic {

std::string library_version();  // "ngtcp2 1.2.3", as linked at run time

}  // namespace troika::quic
