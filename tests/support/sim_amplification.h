#pragma once
// RFC 9000 §8.1 as the network sees it: before a client's address is validated, the server sends no
// more than three times the bytes that came from it.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace troika::sim {

// True if the datagram holds a packet that only who has read the server's first flight can make: a
// Handshake or a 1-RTT one. It says so of QUIC version 1 and 2 (RFC 9369 §3.2).
bool proves_address(std::span<const std::byte> datagram) noexcept;

class AmplificationWatch {
 public:
  void arrived(const std::string& client, std::span<const std::byte> datagram, bool intact);
  void sent(const std::string& client, std::size_t bytes);

  std::uint64_t exceeded() const noexcept { return exceeded_; }  // datagrams beyond the limit
  // Bytes sent for each byte received, in percent, where it was largest before a validation.
  std::uint64_t most_percent() const noexcept { return most_percent_; }

 private:
  struct Balance {
    std::uint64_t in = 0, out = 0;
    bool validated = false;
  };
  std::map<std::string, Balance> clients_;
  std::uint64_t exceeded_ = 0, most_percent_ = 0;
};

}  // namespace troika::sim
