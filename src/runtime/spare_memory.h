#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>

#include "base/time.h"

namespace troika {

// Detects that most of many connections have ended, so that their memory can be returned to the
// system: the allocator keeps freed memory unless it is at the end of a heap.
class Crowd {
 public:
  static constexpr std::size_t kMany = 32;

  // `count`: connections now. True once, when at most a quarter of many is left.
  bool gone(std::size_t count) noexcept {
    peak_ = std::max(peak_, count);
    if (peak_ < kMany || count > peak_ / 4) return false;
    peak_ = count;
    return true;
  }

 private:
  std::size_t peak_ = 0;
};

// Limits how often the process trims its memory, which walks the heaps of all workers. Shared by
// all of them.
class TrimPace {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);

  // A result of at most `now`: go on. Otherwise the time to ask again.
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

// Trims memory after a crowd of connections has ended: a moment later, as the last of them are yet
// to be freed. Other crowds meanwhile do not delay it.
class SpareMemory {
 public:
  static constexpr Duration kMoment = std::chrono::seconds(1);

  SpareMemory(TimerQueue& timers, const Clock& clock, TrimPace& pace,
              std::move_only_function<void()> trim)
      : clock_(clock), pace_(pace), trim_(std::move(trim)), timer_(timers, [this] { due(); }) {}

  // `count`: connections now.
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
