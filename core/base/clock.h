#pragma once
#include <chrono>

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

// All time comes from a Clock that is passed in, so that tests own it.
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

}  // namespace troika
