#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/time.h"
#include "ports/datagram.h"
#include "proto/quic/cid.h"

// What an endpoint remembers of clients that have no connection yet.
namespace troika::quic {

// The number of events in the second that began with the first of them.
class RateCounter {
 public:
  void add(TimePoint now) noexcept {
    if (at(now) == 0) start_ = now;
    ++count_;
  }
  std::size_t at(TimePoint now) noexcept {
    if (now - start_ >= std::chrono::seconds(1)) count_ = 0;
    return count_;
  }

 private:
  std::size_t count_ = 0;
  TimePoint start_{};
};

// Initials with a later part of a ClientHello that arrived before its beginning: the network has
// reordered the packets, or has lost the beginning. They wait for it. They are few and small, and
// wait no longer than packets of one flight may be apart, as no address is validated yet.
class BufferedInitials {
 public:
  static constexpr std::size_t kMost = 64;         // datagrams
  static constexpr std::size_t kMostBytes = 1500;  // of one
  static constexpr Duration kLongest = std::chrono::milliseconds(50);

  bool full() const noexcept { return buffered_.size() >= kMost; }

  // False: no room.
  bool add(const Datagram& packet, const ConnectionId& id, TimePoint now) {
    if (packet.bytes.size() > kMostBytes || full()) return false;
    buffered_.push_back({now, id, packet, {packet.bytes.begin(), packet.bytes.end()}});
    return true;
  }

  // Calls receive(datagram) for the packets that were sent to `id` from that address.
  template <class Receive>
  void take(const ConnectionId& id, const Address& remote, Receive receive) {
    take_if(
        [&](const Buffered& initial) {
          return initial.id == id && initial.packet.remote == remote;
        },
        receive);
  }

  // Calls give_up(datagram) for the packets that have waited too long.
  template <class GiveUp>
  void expire(TimePoint now, GiveUp give_up) {
    if (now < deadline()) return;
    take_if([now](const Buffered& initial) { return now - initial.since >= kLongest; }, give_up);
  }
  TimePoint deadline() const noexcept {
    return buffered_.empty() ? kNever : buffered_.front().since + kLongest;
  }

 private:
  struct Buffered {
    TimePoint since;
    ConnectionId id;
    Datagram packet;  // without its bytes
    std::vector<std::byte> bytes;
  };

  template <class Chosen, class Receive>
  void take_if(Chosen chosen, Receive receive) {
    std::erase_if(buffered_, [&](Buffered& initial) {
      if (!chosen(initial)) return false;
      initial.packet.bytes = initial.bytes;
      receive(initial.packet);
      return true;
    });
    if (buffered_.empty()) std::vector<Buffered>().swap(buffered_);
  }

  std::vector<Buffered> buffered_;  // the oldest first
};

}  // namespace troika::quic
