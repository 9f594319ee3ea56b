#pragma once
#include <cstdint>

namespace troika::quic {

// How fast a server sends on a path that loses or delays packets: RFC 9438, BBR v2, RFC 9002 §7.
enum class Congestion : std::uint8_t { cubic, bbr, reno };

}  // namespace troika::quic
