#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/time.h"
#include "ports/datagram.h"
#include "proto/quic/cid.h"

namespace troika::quic {

// Initials with a later part of a ClientHello that came before its beginning: the network has
// changed their order, or has lost the beginning. They wait for it, few, small and no longer than
// packets of one flight come apart, as nobody has proven an address yet.
class HeldInitials {
 public:
  static constexpr std::size_t kMost = 64;         // datagrams
  static constexpr std::size_t kMostBytes = 1500;  // of one
  static constexpr Duration kAtMost = std::chrono::milliseconds(50);

  bool full() const noexcept { return held_.size() >= kMost; }

  // False: no room.
  bool add(const Datagram& packet, const ConnectionId& id, TimePoint now) {
    if (packet.bytes.size() > kMostBytes || full()) return false;
    held_.push_back({now, id, packet, {packet.bytes.begin(), packet.bytes.end()}});
    return true;
  }

  // Gives those that were sent to `id` from that address to receive(datagram).
  template <class Receive>
  void take(const ConnectionId& id, const Address& remote, Receive receive) {
    take_if([&](const Held& held) { return held.id == id && held.packet.remote == remote; },
            receive);
  }

  // Gives those that have waited in vain to give_up(datagram).
  template <class GiveUp>
  void expire(TimePoint now, GiveUp give_up) {
    if (now < deadline()) return;
    take_if([now](const Held& held) { return now - held.since >= kAtMost; }, give_up);
  }
  TimePoint deadline() const noexcept {
    return held_.empty() ? kNever : held_.front().since + kAtMost;
  }

 private:
  struct Held {
    TimePoint since;
    ConnectionId id;
    Datagram packet;  // but for its bytes
    std::vector<std::byte> bytes;
  };

  template <class Chosen, class Receive>
  void take_if(Chosen chosen, Receive receive) {
    std::erase_if(held_, [&](Held& held) {
      if (!chosen(held)) return false;
      held.packet.bytes = held.bytes;
      receive(held.packet);
      return true;
    });
    if (held_.empty()) std::vector<Held>().swap(held_);
  }

  std::vector<Held> held_;  // the oldest first
};

}  // namespace troika::quic
