#include "ports/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>

namespace troika {

Address network_of(const Address& address, NetworkBits bits) noexcept {
  Address network = address;
  network.set_port(0);
  if (address.family() == AF_INET) {
    const std::uint32_t kept = bits.v4 == 0 ? 0 : ~std::uint32_t{0} << (32 - bits.v4);
    reinterpret_cast<sockaddr_in*>(network.get())->sin_addr.s_addr &= htonl(kept);
  } else if (address.family() == AF_INET6) {
    unsigned left = bits.v6;
    for (std::uint8_t& byte : reinterpret_cast<sockaddr_in6*>(network.get())->sin6_addr.s6_addr) {
      const unsigned kept = std::min(left, 8U);
      byte &= static_cast<std::uint8_t>(0xff00U >> kept);
      left -= kept;
    }
  }
  return network;
}

// Up to fifteen characters are in the string itself; those of IPv6 would be allocated.
void append_ip(std::string& to, const Address& address) {
  if (address.family() != AF_INET6) {
    to += address.ip();
    return;
  }
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr, text,
            sizeof text);
  to += text;
}

}  // namespace troika
