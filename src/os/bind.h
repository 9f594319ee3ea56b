#pragma once
#include <cstdint>
#include <span>

#include "base/error.h"
#include "os/fd.h"
#include "ports/address.h"

namespace troika {

enum class SocketKind : std::uint8_t { tcp, udp };

// An unbound non-blocking socket; IPv6 ones never take IPv4 traffic (IPV6_V6ONLY).
Checked<Fd> make_socket(SocketKind kind, const Address& address);
// Binds it, or says in one sentence why not and what to do.
Checked<void> bind_socket(int fd, SocketKind kind, const Address& address);
// The address that a socket is bound to, with the port that the kernel chose for port 0.
Address bound_address(int fd) noexcept;

// Whether a server may have this address to itself. To be asked before SO_REUSEPORT groups are
// made: with that option a second server of the same user binds silently and takes half the
// traffic, without it the kernel says EADDRINUSE.
Checked<void> probe_bind(SocketKind kind, const Address& address);

// A port that is free for TCP and UDP on all of these addresses; their own ports do not matter.
Checked<std::uint16_t> free_port(std::span<const Address> addresses);

// Makes the kernel give every datagram of a SO_REUSEPORT group of UDP sockets to member
// (first byte of the QUIC destination connection id mod workers); members count in the order in
// which they were bound. Set it on one member when all are bound. It survives a peer's move to
// another address, and needs no privileges.
Status steer_by_connection_id(int fd, unsigned workers);

}  // namespace troika
