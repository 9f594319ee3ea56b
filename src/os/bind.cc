#include "os/bind.h"

#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace troika {
namespace {

std::string_view name_of(SocketKind kind) noexcept {
  return kind == SocketKind::tcp ? "TCP" : "UDP";
}

std::unexpected<std::string> explain(int error, SocketKind kind, const Address& address) {
  const auto ip = address.ip();
  const auto port = address.port();
  switch (error) {
    case EADDRINUSE:
      return std::unexpected(
          formatted("port {} on {} is in use ({}): stop the program that uses it, or choose "
                    "another port",
                    port, ip, name_of(kind)));
    case EACCES:
      return std::unexpected(
          formatted("port {} on {} is not allowed for this user ({}): ports below 1024 need root "
                    "or CAP_NET_BIND_SERVICE",
                    port, ip, name_of(kind)));
    case EADDRNOTAVAIL:
      return std::unexpected(formatted(
          "{} is not an address of this machine: \"ip address\" lists those that are", ip));
    case EAFNOSUPPORT:
      return std::unexpected(
          formatted("{} cannot be used: this machine has no {}", ip,
                    address.family() == AF_INET6 ? "IPv6" : "sockets of that kind"));
    default:
      return std::unexpected(formatted("cannot open a {} socket on {}: {}", name_of(kind),
                                       address.text(), std::strerror(error)));
  }
}

}  // namespace

Checked<Fd> make_socket(SocketKind kind, const Address& address) {
  const int type = kind == SocketKind::tcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd fd(::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return explain(errno, kind, address);
  const int on = 1;
  if (address.family() == AF_INET6 &&
      setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return explain(errno, kind, address);
  }
  // For TCP it only allows binding despite connections in TIME_WAIT; for UDP it would allow
  // sharing.
  if (kind == SocketKind::tcp) {
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  return fd;
}

Checked<void> bind_socket(int fd, SocketKind kind, const Address& address) {
  if (::bind(fd, address.get(), address.size()) != 0) return explain(errno, kind, address);
  return {};
}

Address bound_address(int fd) noexcept {
  Address address;
  socklen_t size = Address::capacity();
  if (getsockname(fd, address.get(), &size) != 0) return {};
  return address;
}

Checked<void> set_tcp_congestion(int fd, const std::string& name) {
  const auto size = static_cast<socklen_t>(name.size());
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0) return {};
  const int error = errno;
  switch (error) {
    case ENOENT:
      return std::unexpected(formatted(
          "this kernel has no TCP congestion control \"{0}\": load it with \"modprobe tcp_{0}\"",
          name));
    case EPERM:
      return std::unexpected(
          formatted("TCP congestion control \"{}\" is not allowed for this user: add it to "
                    "net.ipv4.tcp_allowed_congestion_control with sysctl",
                    name));
    default:
      return std::unexpected(
          formatted("TCP congestion control \"{}\" cannot be set: {}", name, std::strerror(error)));
  }
}

Checked<void> probe_bind(SocketKind kind, const Address& address) {
  return make_socket(kind, address).and_then([&](const Fd& fd) {
    return bind_socket(fd.get(), kind, address);
  });
}

Checked<std::uint16_t> free_port(std::span<const Address> addresses) {
  constexpr int kTries = 64;
  const auto all_free = [&](std::uint16_t port) -> Checked<void> {
    for (Address address : addresses) {
      address.set_port(port);
      for (const SocketKind kind : {SocketKind::tcp, SocketKind::udp}) {
        if (auto probed = probe_bind(kind, address); !probed) return probed;
      }
    }
    return {};
  };
  Checked<void> last = std::unexpected(std::string("no address was given to listen on"));
  for (int i = 0; i < kTries && !addresses.empty(); ++i) {
    Address any_port = addresses.front();
    any_port.set_port(0);
    auto fd = make_socket(SocketKind::tcp, any_port);
    if (!fd) return std::unexpected(std::move(fd).error());
    last = bind_socket(fd->get(), SocketKind::tcp, any_port);
    if (!last) break;
    const std::uint16_t port = bound_address(fd->get()).port();
    *fd = Fd();
    last = all_free(port);
    if (last) return port;
  }
  return std::unexpected(std::move(last).error());
}

// The program sees the UDP payload at offset 0. The id starts at offset 6 in a long header (one
// byte of flags, four of version, one of length) and at offset 1 in a short one (RFC 8999 §5). If a
// datagram is too short for it, the load fails, which selects member 0.
Status steer_by_connection_id(int fd, unsigned workers) {
  std::array<sock_filter, 7> program{{
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = 0},
      {.code = BPF_JMP | BPF_JSET | BPF_K, .jt = 0, .jf = 2, .k = 0x80},
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = 6},
      {.code = BPF_JMP | BPF_JA, .jt = 0, .jf = 0, .k = 1},
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = 1},
      {.code = BPF_ALU | BPF_MOD | BPF_K, .jt = 0, .jf = 0, .k = workers},
      {.code = BPF_RET | BPF_A, .jt = 0, .jf = 0, .k = 0},
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) != 0) {
    return fail(ErrorCode::io, "the kernel took no steering program for the UDP sockets");
  }
  return {};
}

}  // namespace troika
