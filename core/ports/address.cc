#include "ports/address.h"

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <iterator>

#include "base/text.h"

namespace troika {

Address::Address(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET) {
    std::memcpy(&v4_, address, sizeof v4_);
  } else if (address->sa_family == AF_INET6) {
    std::memcpy(&v6_, address, sizeof v6_);
  }
}

Address Address::v4(std::uint32_t host_order_ip, std::uint16_t port) noexcept {
  Address address;
  address.v4_.sin_family = AF_INET;
  address.v4_.sin_addr.s_addr = htonl(host_order_ip);
  address.v4_.sin_port = htons(port);
  return address;
}

Checked<Address> Address::parse(std::string_view text) {
  const auto bad = [&] {
    return std::unexpected(formatted(
        "\"{}\" is not an address and port: write it like 127.0.0.1:8443 or [::1]:8443", text));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return bad();

  std::string host(text.substr(0, colon));
  Address address;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return bad();
    address.v6_ = v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return bad();
    address.v4_ = v4;
  }
  return address;
}

socklen_t Address::size() const noexcept {
  return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::uint16_t Address::port() const noexcept {
  return ntohs(family() == AF_INET6 ? v6_.sin6_port : v4_.sin_port);
}

void Address::set_port(std::uint16_t port) noexcept {
  (family() == AF_INET6 ? v6_.sin6_port : v4_.sin_port) = htons(port);
}

bool Address::is_loopback() const noexcept {
  if (family() == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&v6_.sin6_addr) != 0;
  return family() == AF_INET && (ntohl(v4_.sin_addr.s_addr) >> 24U) == 127;
}

bool Address::is_any() const noexcept {
  if (family() == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr) != 0;
  return family() == AF_INET && v4_.sin_addr.s_addr == INADDR_ANY;
}

bool Address::covers(const Address& local) const noexcept {
  return *this == local || (is_any() && family() == local.family() && port() == local.port());
}

// inet_ntop() formats an IPv4 address with printf(), which costs more than the rest of a log line.
std::string Address::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &v6_.sin6_addr, text, sizeof text);
  } else if (family() == AF_INET) {
    char* end = text;
    for (const std::uint8_t byte :
         std::bit_cast<std::array<std::uint8_t, 4>>(v4_.sin_addr.s_addr)) {
      if (end != text) *end++ = '.';
      end = std::to_chars(end, std::end(text), byte).ptr;
    }
  }
  return text;
}

std::string Address::text() const {
  return family() == AF_INET6 ? formatted("[{}]:{}", ip(), port())
                              : formatted("{}:{}", ip(), port());
}

bool operator==(const Address& a, const Address& b) noexcept {
  if (a.family() != b.family() || a.port() != b.port()) return false;
  if (a.family() == AF_INET6) {
    return IN6_ARE_ADDR_EQUAL(&a.v6_.sin6_addr, &b.v6_.sin6_addr) &&
           a.v6_.sin6_scope_id == b.v6_.sin6_scope_id;
  }
  return a.family() != AF_INET || a.v4_.sin_addr.s_addr == b.v4_.sin_addr.s_addr;
}

}  // namespace troika
