#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace troika {

using Duration = std::chrono::nanoseconds;

// Monotonic time; the epoch is the machine's boot (or the start of a simulation).
struct MonotonicTime {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicTime>;
  static constexpr bool is_steady = true;
};
using TimePoint = MonotonicTime::time_point;
using WallTime = std::chrono::system_clock::time_point;

inline constexpr TimePoint kNever = TimePoint::max();

// All time comes from a Clock that is passed in, so that tests control it.
class Clock {
 public:
  virtual TimePoint now() const noexcept = 0;
  virtual WallTime wall() const noexcept = 0;

 protected:
  ~Clock() = default;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const noexcept override;
  WallTime wall() const noexcept override;
};

// The time of another clock, read once in a turn of a loop: what is done in one turn is done at one
// time. Of one thread.
class TurnClock final : public Clock {
 public:
  explicit TurnClock(const Clock& clock) noexcept : clock_(clock) {}  // outlives this object

  TimePoint now() const noexcept override {
    if (now_ == kNever) now_ = clock_.now();
    return now_;
  }
  WallTime wall() const noexcept override {
    if (!wall_) wall_ = clock_.wall();
    return *wall_;
  }
  // Reads the time again. Its own: a turn may take long.
  TimePoint refresh() noexcept {
    forget();
    return now();
  }
  void forget() noexcept {  // the turn is over: who asks next reads it again
    now_ = kNever;
    wall_.reset();
  }

 private:
  const Clock& clock_;
  mutable TimePoint now_ = kNever;
  mutable std::optional<WallTime> wall_;
};

class TimerQueue;

// One deadline. It fires at most once per set(); moving and cancelling are cheap. Its action may
// set and cancel any timer of the queue, and destroy any timer except itself. The queue must
// outlive it.
class Timer {
 public:
  Timer(TimerQueue& queue, std::move_only_function<void()> action)
      : queue_(queue), action_(std::move(action)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  void set(TimePoint deadline);  // kNever cancels
  void cancel() noexcept;
  TimePoint deadline() const noexcept { return deadline_; }

 private:
  friend class TimerQueue;
  static constexpr std::size_t kIdle = static_cast<std::size_t>(-1);

  TimerQueue& queue_;
  std::move_only_function<void()> action_;
  TimePoint deadline_ = kNever;
  std::size_t place_ = kIdle;  // in the queue's heap
  std::size_t order_ = 0;      // equal deadlines fire in the order they were set
};

// A heap of timers. It owns neither a clock nor the timers.
class TimerQueue {
 public:
  TimePoint next() const noexcept { return heap_.empty() ? kNever : heap_.front()->deadline_; }
  // Fires the timers that are due at `now`. A timer set by an action waits for the next call, even
  // if it is due.
  void advance_to(TimePoint now);
  std::size_t size() const noexcept { return heap_.size(); }

 private:
  friend class Timer;
  bool before(const Timer& a, const Timer& b) const noexcept;
  void place(std::size_t i, Timer* timer) noexcept;
  void sift_up(std::size_t i) noexcept;
  void sift_down(std::size_t i) noexcept;
  void insert(Timer& timer);
  void remove(Timer& timer) noexcept;

  std::vector<Timer*> heap_;
  std::size_t orders_ = 0;
};

}  // namespace troika
