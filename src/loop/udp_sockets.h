#pragma once
#include <memory>
#include <vector>

#include "loop/udp_socket.h"

namespace troika {

// Several bound UDP sockets as one: what comes to any of them goes to one receiver, and a datagram
// leaves through the one that its local address belongs to, so that it comes from there.
class UdpSockets final : public DatagramSink {
 public:
  // `on_datagram`, `on_writable`, `per_wake`: as those of UdpSocket, for each socket.
  UdpSockets(Loop& loop, std::vector<Fd> sockets, UdpSocket::OnDatagram on_datagram,
             UdpSocket::OnWritable on_writable, std::size_t per_wake = 64);
  UdpSockets(const UdpSockets&) = delete;
  UdpSockets& operator=(const UdpSockets&) = delete;
  ~UdpSockets() = default;

  // What no socket has the address of is lost, as on a network without a route. After `blocked`
  // the sender comes back with the same datagram, and sends nothing else before: so no more than
  // one socket is ever waited for, and on_writable is about that one.
  SendOutcome send(const Datagram& datagram) override;

 private:
  UdpSocket* owner_of(const Address& local) const noexcept;

  UdpSocket::OnDatagram on_datagram_;
  UdpSocket::OnWritable on_writable_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
};

}  // namespace troika
