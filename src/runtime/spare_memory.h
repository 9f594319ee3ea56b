#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>

#include "base/account.h"
#include "base/buffer.h"
#include "base/time.h"

namespace troika {

// Detects that most of many have gone, connections or bytes, so that their memory can be returned
// to the system: the allocator keeps freed memory unless it is at the end of a heap.
class Crowd {
 public:
  explicit Crowd(std::size_t many) noexcept : many_(many) {}

  // `count`: of them now. True once, when at most a quarter of many is left.
  bool gone(std::size_t count) noexcept {
    peak_ = std::max(peak_, count);
    if (peak_ < many_ || count > peak_ / 4) return false;
    peak_ = count;
    return true;
  }

 private:
  std::size_t many_;
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

// Gives back the memory of a worker that nobody needs: what its pools keep, once it was not needed
// for a while; and after a crowd has gone all that the allocator keeps, when the pools have given
// back theirs. Other crowds meanwhile do not delay it.
class SpareMemory {
 public:
  static constexpr Duration kUnneeded = std::chrono::seconds(1);  // twice, at most, in the pools
  static constexpr Duration kMoment = std::chrono::seconds(3);    // from a crowd's end to the trim
  static constexpr std::size_t kManyConnections = 32;
  static constexpr std::size_t kManyBytes = 2U << 20U;  // held for connections

  // The arguments outlive it. `account`: of all connections.
  SpareMemory(TimerQueue& timers, const Clock& clock, TrimPace& pace, const Account& account,
              BufferPool& pool, std::move_only_function<void()> trim)
      : clock_(clock),
        pace_(pace),
        account_(account),
        pool_(pool),
        trim_(std::move(trim)),
        trim_timer_(timers, [this] { due(); }),
        release_timer_(timers, [this] { release(); }) {}

  // Once in each turn. `count`: connections now.
  void look(std::size_t count) {
    const bool fewer = connections_.gone(count), less = held_.gone(account_.held());
    if ((fewer || less) && trim_timer_.deadline() == kNever) {
      trim_timer_.set(clock_.now() + kMoment);
    }
    if (kept() > 0 && release_timer_.deadline() == kNever) {
      release_timer_.set(clock_.now() + kUnneeded);
    }
  }

 private:
  std::size_t kept() const noexcept { return pool_.free_bytes() + pool_.blocks().free_bytes(); }
  void due() {
    const TimePoint now = clock_.now(), turn = pace_.turn(now);
    if (turn > now) return trim_timer_.set(turn);
    trim_();
  }
  void release() noexcept {
    pool_.release_unneeded();
    pool_.blocks().release_unneeded();
    if (kept() > 0) release_timer_.set(clock_.now() + kUnneeded);
  }

  const Clock& clock_;
  TrimPace& pace_;
  const Account& account_;
  BufferPool& pool_;
  std::move_only_function<void()> trim_;
  Timer trim_timer_, release_timer_;
  Crowd connections_{kManyConnections}, held_{kManyBytes};
};

}  // namespace troika
