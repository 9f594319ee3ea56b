#include "os/udp_cmsg.h"

#include <netinet/udp.h>

#include <cstring>

namespace troika {
namespace {

template <class T>
T value_of(const cmsghdr* header) noexcept {
  T value{};
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

Ecn ecn_of(int traffic_class) noexcept { return static_cast<Ecn>(traffic_class & 3); }

Address address_of(const in_addr& ip) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr = ip;
  return Address(reinterpret_cast<const sockaddr*>(&address));
}

Address address_of(const in6_pktinfo& info) noexcept {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = info.ipi6_addr;
  // Only a link-local address is ambiguous without its interface (RFC 4007).
  if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.sin6_scope_id = info.ipi6_ifindex;
  return Address(reinterpret_cast<const sockaddr*>(&address));
}

class ControlWriter {
 public:
  explicit ControlWriter(UdpControlBuffer& buffer) noexcept : next_(buffer.bytes.data()) {}

  template <class T>
  void add(int level, int type, const T& value) noexcept {
    auto* const header = reinterpret_cast<cmsghdr*>(next_);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    next_ += CMSG_SPACE(sizeof value);
    size_ += CMSG_SPACE(sizeof value);
  }
  std::size_t size() const noexcept { return size_; }

 private:
  std::byte* next_;
  std::size_t size_ = 0;
};

}  // namespace

UdpControl read_control(const msghdr& message) noexcept {
  UdpControl control;
  auto* const all = const_cast<msghdr*>(&message);
  for (cmsghdr* c = CMSG_FIRSTHDR(all); c != nullptr; c = CMSG_NXTHDR(all, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      control.local = address_of(value_of<in_pktinfo>(c).ipi_addr);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      control.local = address_of(value_of<in6_pktinfo>(c));
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      control.ecn = ecn_of(value_of<std::uint8_t>(c));
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      control.ecn = ecn_of(value_of<int>(c));
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      control.segment_bytes = static_cast<std::size_t>(value_of<int>(c));
    }
  }
  return control;
}

void write_control(msghdr& message, UdpControlBuffer& buffer, const UdpControl& control) noexcept {
  buffer.bytes.fill(std::byte{0});
  ControlWriter out(buffer);
  const bool v6 = static_cast<const sockaddr*>(message.msg_name)->sa_family == AF_INET6;
  if (control.local.family() == AF_INET6 && !control.local.is_any()) {
    const auto& address = *reinterpret_cast<const sockaddr_in6*>(control.local.get());
    out.add(IPPROTO_IPV6, IPV6_PKTINFO,
            in6_pktinfo{.ipi6_addr = address.sin6_addr, .ipi6_ifindex = address.sin6_scope_id});
  } else if (control.local.family() == AF_INET && !control.local.is_any()) {
    in_pktinfo info{};
    info.ipi_spec_dst = reinterpret_cast<const sockaddr_in*>(control.local.get())->sin_addr;
    out.add(IPPROTO_IP, IP_PKTINFO, info);
  }
  if (control.ecn != Ecn::not_ect) {
    out.add(v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS,
            static_cast<int>(control.ecn));
  }
  if (control.segment_bytes != 0) {
    out.add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(control.segment_bytes));
  }
  message.msg_control = out.size() == 0 ? nullptr : buffer.bytes.data();
  message.msg_controllen = out.size();
}

}  // namespace troika
