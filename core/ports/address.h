#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace troika {

// An IPv4 or IPv6 address and port; a value.
class Address {
 public:
  Address() noexcept = default;  // family AF_UNSPEC
  explicit Address(const sockaddr* address) noexcept;
  static Address v4(std::uint32_t host_order_ip, std::uint16_t port) noexcept;

  // "127.0.0.1:8443" or "[::1]:8443". Numeric addresses only: "localhost:8443" is an error.
  static Checked<Address> parse(std::string_view text);

  const sockaddr* get() const noexcept { return &any_; }
  sockaddr* get() noexcept { return &any_; }
  socklen_t size() const noexcept;
  static constexpr socklen_t capacity() noexcept { return sizeof(sockaddr_in6); }

  int family() const noexcept { return any_.sa_family; }
  std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  bool is_loopback() const noexcept;
  bool is_any() const noexcept;  // 0.0.0.0 or ::
  // Whether a socket that is bound to this address receives what comes to `local`.
  bool covers(const Address& local) const noexcept;

  std::string ip() const;    // "127.0.0.1", "::1"
  std::string text() const;  // "127.0.0.1:8443", "[::1]:8443"

  friend bool operator==(const Address& a, const Address& b) noexcept;

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_{};
  };
};

}  // namespace troika
