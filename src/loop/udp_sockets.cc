#include "loop/udp_sockets.h"

#include <algorithm>
#include <utility>

namespace troika {

UdpSockets::UdpSockets(Loop& loop, std::vector<Fd> sockets, UdpSocket::OnDatagram on_datagram,
                       UdpSocket::OnWritable on_writable, std::size_t per_wake)
    : on_datagram_(std::move(on_datagram)), on_writable_(std::move(on_writable)) {
  for (Fd& socket : sockets) {
    sockets_.push_back(std::make_unique<UdpSocket>(
        loop, std::move(socket),
        [this](const Datagram& datagram, TimePoint now) { on_datagram_(datagram, now); },
        [this] { on_writable_(); }, per_wake));
  }
}

// As the kernel chooses who receives: an address of its own comes before all addresses.
UdpSocket* UdpSockets::owner_of(const Address& local) const noexcept {
  const auto exact =
      std::ranges::find_if(sockets_, [&](const auto& s) { return s->local() == local; });
  if (exact != sockets_.end()) return exact->get();
  const auto covers = std::ranges::find_if(sockets_, [&](const auto& socket) {
    const Address& bound = socket->local();
    return bound.is_any() && bound.family() == local.family() && bound.port() == local.port();
  });
  return covers == sockets_.end() ? nullptr : covers->get();
}

SendOutcome UdpSockets::send(const Datagram& datagram) {
  UdpSocket* const socket = owner_of(datagram.local);
  return socket == nullptr ? SendOutcome::sent : socket->send(datagram);
}

}  // namespace troika
