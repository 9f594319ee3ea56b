#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "base/time.h"

namespace troika::network {

// What is on its way, by the time at which it arrives; equal times keep their order. Both limits
// are for all of it, so that a long delay cannot take all memory.
template <class Packet>  // has `bytes`
class InFlight {
 public:
  InFlight(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  bool has_room(std::size_t packets, std::size_t bytes) const noexcept {
    return packets_.size() + packets <= most_ && bytes_ + bytes <= most_bytes_;
  }
  void add(TimePoint due, Packet packet) {
    bytes_ += packet.bytes.size();
    packets_.emplace(due, std::move(packet));
  }
  TimePoint next() const noexcept { return packets_.empty() ? kNever : packets_.begin()->first; }
  // The first that is due, if one is, with when it was.
  std::optional<std::pair<TimePoint, Packet>> take_due(TimePoint now) {
    if (next() > now || packets_.empty()) return std::nullopt;
    auto first = packets_.extract(packets_.begin());
    bytes_ -= first.mapped().bytes.size();
    return std::pair(first.key(), std::move(first.mapped()));
  }
  template <class Predicate>
  void erase_if(Predicate predicate) {
    std::erase_if(packets_, [&](const auto& entry) {
      if (!predicate(entry.second)) return false;
      bytes_ -= entry.second.bytes.size();
      return true;
    });
  }

 private:
  std::size_t most_, most_bytes_, bytes_ = 0;
  std::multimap<TimePoint, Packet> packets_;
};

}  // namespace troika::network
