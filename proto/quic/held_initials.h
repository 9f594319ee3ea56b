#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "net/datagram.h"
#include "proto/quic/cid.h"

namespace troika::quic {

// Initials with a later part of a ClientHello that came before its beginning: the network has
// changed their order, or the client did on purpose. They wait for the beginning, few and not long,
// as nobody has proven an address yet.
class HeldInitials {
 public:
  static constexpr std::size_t kMost = 64;  // datagrams of 1200 bytes or a little more
  static constexpr Duration kAtMost = std::chrono::seconds(1);

  bool add(const Datagram& packet, const ConnectionId& id, TimePoint now) {  // false: no room
    std::erase_if(held_, [now](const Held& held) { return now - held.since >= kAtMost; });
    if (held_.size() >= kMost) return false;
    held_.push_back({now, id, packet, {packet.bytes.begin(), packet.bytes.end()}});
    return true;
  }

  // Gives those that were sent to `id` from that address to receive(datagram).
  template <class Receive>
  void take(const ConnectionId& id, const Address& remote, Receive receive) {
    std::erase_if(held_, [&](Held& held) {
      if (held.id != id || held.packet.remote != remote) return false;
      held.packet.bytes = held.bytes;
      receive(held.packet);
      return true;
    });
  }

 private:
  struct Held {
    TimePoint since;
    ConnectionId id;
    Datagram packet;  // but for its bytes
    std::vector<std::byte> bytes;
  };
  std::vector<Held> held_;
};

}  // namespace troika::quic
