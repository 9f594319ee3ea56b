#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"
#include "os/fd.h"
#include "ports/address.h"

namespace troika {

enum class SocketKind : std::uint8_t { tcp, udp };

// An unbound non-blocking socket; an IPv6 socket receives no IPv4 traffic (IPV6_V6ONLY).
Checked<Fd> make_socket(SocketKind kind, const Address& address);
// Binds it. The error is one sentence: why it failed and what to do.
Checked<void> bind_socket(int fd, SocketKind kind, const Address& address);
// The address that a socket is bound to, with the port that the kernel chose for port 0.
Address bound_address(int fd) noexcept;

// What connections of a listening TCP socket use, by the kernel's name for it. The error is one
// sentence: why the kernel refuses it and what to do.
Checked<void> set_tcp_congestion(int fd, const std::string& name);

// Fails when another server uses this address. Call it before SO_REUSEPORT groups are made: with
// that option a second server of the same user binds silently and gets half the traffic, without it
// the kernel returns EADDRINUSE.
Checked<void> probe_bind(SocketKind kind, const Address& address);

// A port that is free for TCP and UDP on all of these addresses; their own ports are ignored.
Checked<std::uint16_t> free_port(std::span<const Address> addresses);

// Makes the kernel give every datagram of a SO_REUSEPORT group of UDP sockets to member
// (first byte of the QUIC destination connection id mod workers); members are numbered in the order
// in which they were bound. Set it on one member when all are bound. It keeps working when a peer's
// address changes, and needs no privileges.
Status steer_by_connection_id(int fd, unsigned workers);

}  // namespace troika
