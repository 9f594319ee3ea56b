#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "ports/datagram.h"

namespace troika {

// Control messages of one UDP datagram: its local address, its ECN bits, and the size of its
// segments (GRO in, GSO out), in bytes.
struct UdpControl {
  Address local;  // without a port
  Ecn ecn = Ecn::not_ect;
  std::size_t segment_bytes = 0;
};

// Space for one set of them, in either direction.
inline constexpr std::size_t kUdpControlBytes =
    CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(int));
struct UdpControlBuffer {
  alignas(cmsghdr) std::array<std::byte, kUdpControlBytes> bytes;
};

UdpControl read_control(const msghdr& message) noexcept;
// msg_name must be set already. Sets msg_control and msg_controllen; the buffer
// must live until the message is sent.
void write_control(msghdr& message, UdpControlBuffer& buffer, const UdpControl& control) noexcept;

}  // namespace troika
