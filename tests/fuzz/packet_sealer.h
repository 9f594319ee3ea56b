#pragma once
// 1-RTT packets of QUIC with any payload, for whoever knows the secret of the one who sends them.
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troika::fuzz {

// With the keys of TLS_AES_128_GCM_SHA256 (RFC 9001 §5).
class PacketSealer {
 public:
  explicit PacketSealer(std::span<const unsigned char> secret);

  // A short header, a packet number of four bytes, and `payload`. Four bytes of that are the least.
  std::vector<std::byte> seal(std::span<const std::byte> destination, std::uint32_t number,
                              const std::string& payload) const;

 private:
  std::array<unsigned char, 16> key_{}, header_key_{};
  std::array<unsigned char, 12> iv_{};
};

}  // namespace troika::fuzz
