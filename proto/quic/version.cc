#include "proto/quic/version.h"

#include <ngtcp2/ngtcp2.h>

namespace troika::quic {

std::string library_version() { return std::string("ngtcp2 ") + ngtcp2_version(0)->version_str; }

}  // namespace troika::quic
