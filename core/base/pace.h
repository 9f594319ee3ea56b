#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace troika {

// How long the other side may take to move the bytes that it owes: those of its own message, or
// room for those of ours. It has a patience of some seconds, which waiting uses up and bytes give
// back, each its share of a second at the least rate, never beyond the whole. So nothing may move
// for as long as the patience, as often as bytes have paid for it, and a single byte now and then
// does not keep anything going. Without a rate every byte gives back all.
//
// What time passed and was not the other side's, the owner says: nothing is read from a clock here.
class Pace {
 public:
  Pace() noexcept = default;
  explicit Pace(std::uint32_t least) noexcept  // bytes a second, up to 10^6; 0: no rate
      : each_(least > 0 ? Duration(std::chrono::seconds(1)) / least : Duration::zero()) {}

  // It owes from now on, with all of the patience.
  void restart(TimePoint now) noexcept {
    since_ = now;
    used_ = Duration::zero();
  }
  // It owes from now on: the time since the last call was not its own.
  void resume(TimePoint now) noexcept { since_ = std::max(since_, now); }
  // It has moved so many bytes, and the time since the last call was its own.
  void moved(std::uint64_t bytes, TimePoint now) noexcept {
    if (bytes == 0) return;
    if (now > since_) used_ += now - since_;
    resume(now);
    const auto count = static_cast<Duration::rep>(std::min(bytes, kMany));
    used_ = each_ == Duration::zero() ? Duration::zero() : used_ - std::min(used_, each_ * count);
  }
  // Something else has moved up to then, which it had to wait for: as restart(), but not backwards.
  void excuse(TimePoint until) noexcept {
    if (until > since_) restart(until);
  }

  // When the patience is used up, if nothing moves.
  TimePoint due(Duration patience) const noexcept { return since_ + (patience - used_); }

 private:
  static constexpr std::uint64_t kMany = std::uint64_t{1} << 32U;  // a second for each still fits

  Duration each_{};  // what a byte gives back
  Duration used_{};
  TimePoint since_;
};

}  // namespace troika
