#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace troika::quic {

// What a client keeps of a connection for the next one to the same server.
struct Resumption {
  std::uint32_t version = 0;           // the ticket is good for no other (RFC 9369 §5)
  std::vector<std::byte> session;      // of TLS, with the ticket, as DER
  std::vector<std::byte> limits;       // transport parameters to begin with (RFC 9000 §7.4.1)
  std::vector<std::byte> application;  // QuicApplication::remembered()
};

std::vector<std::byte> encode(const Resumption& resumption);
// None when the bytes are not what encode() had made.
std::optional<Resumption> decode_resumption(std::span<const std::byte> bytes);

}  // namespace troika::quic
