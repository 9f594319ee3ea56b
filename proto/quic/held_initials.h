#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "net/datagram.h"
#include "proto/quic/cid.h"

namespace troika::quic {

// Initials with a later part of a ClientHello that came before its beginning: the network has
// changed their order, or the client did on purpose. They wait for the beginning, few, small and
// not long, as nobody has proven an address yet.
class HeldInitials {
 public:
  static constexpr std::size_t kMost = 64;         // datagrams
  static constexpr std::size_t kMostBytes = 1500;  // of one
  static constexpr Duration kAtMost = std::chrono::seconds(1);

  bool full(TimePoint now) noexcept {
    drop_expired(now);
    return held_.size() >= kMost;
  }

  // False: no room.
  bool add(const Datagram& packet, const ConnectionId& id, TimePoint now) {
    if (packet.bytes.size() > kMostBytes || full(now)) return false;
    held_.push_back({now, id, packet, {packet.bytes.begin(), packet.bytes.end()}});
    return true;
  }

  // Gives those that were sent to `id` from that address to receive(datagram).
  template <class Receive>
  void take(const ConnectionId& id, const Address& remote, TimePoint now, Receive receive) {
    drop_expired(now);
    std::erase_if(held_, [&](Held& held) {
      if (held.id != id || held.packet.remote != remote) return false;
      held.packet.bytes = held.bytes;
      receive(held.packet);
      return true;
    });
    free_memory();
  }

  TimePoint deadline() const noexcept {
    return held_.empty() ? kNever : held_.front().since + kAtMost;
  }
  void drop_expired(TimePoint now) noexcept {
    if (now < deadline()) return;
    std::erase_if(held_, [now](const Held& held) { return now - held.since >= kAtMost; });
    free_memory();
  }

 private:
  struct Held {
    TimePoint since;
    ConnectionId id;
    Datagram packet;  // but for its bytes
    std::vector<std::byte> bytes;
  };

  void free_memory() noexcept {
    if (held_.empty()) std::vector<Held>().swap(held_);
  }

  std::vector<Held> held_;  // the oldest first
};

}  // namespace troika::quic
