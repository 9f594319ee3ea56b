#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>

#include "base/time.h"

namespace troika {

// Tells when most of many connections have gone, so that their memory can be given back to the
// system: the allocator keeps what it has freed, unless it was at the end of a heap.
class Crowd {
 public:
  static constexpr std::size_t kMany = 32;

  // With the number of connections there are now. True once, when a quarter of many is left.
  bool gone(std::size_t count) noexcept {
    peak_ = std::max(peak_, count);
    if (peak_ < kMany || count > peak_ / 4) return false;
    peak_ = count;
    return true;
  }

 private:
  std::size_t peak_ = 0;
};

// How often the process looks for memory to give back: that walks all that the allocator has, of
// all workers. One for all of them.
class TrimPace {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);

  // Not later than `now`: go on. Otherwise the time to ask again.
  TimePoint turn(TimePoint now) noexcept {
    TimePoint earliest = earliest_.load();
    while (earliest <= now) {
      if (earliest_.compare_exchange_weak(earliest, now + kInterval)) return now;
    }
    return earliest;
  }

 private:
  std::atomic<TimePoint> earliest_{TimePoint::min()};
};

// Gives memory back once a crowd has gone: a moment later, as the last of them are only about to be
// freed. Crowds that come and go meanwhile do not put it off.
class SpareMemory {
 public:
  static constexpr Duration kMoment = std::chrono::seconds(1);

  SpareMemory(TimerQueue& timers, const Clock& clock, TrimPace& pace,
              std::move_only_function<void()> trim)
      : clock_(clock), pace_(pace), trim_(std::move(trim)), timer_(timers, [this] { due(); }) {}

  // With the number of connections there are now.
  void look(std::size_t count) {
    if (crowd_.gone(count) && timer_.deadline() == kNever) timer_.set(clock_.now() + kMoment);
  }

 private:
  void due() {
    const TimePoint now = clock_.now(), turn = pace_.turn(now);
    if (turn > now) return timer_.set(turn);
    trim_();
  }

  const Clock& clock_;
  TrimPace& pace_;
  std::move_only_function<void()> trim_;
  Timer timer_;
  Crowd crowd_;
};

}  // namespace troika
