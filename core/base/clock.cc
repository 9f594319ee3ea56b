#include "base/clock.h"

#include <ctime>

namespace troika {

TimePoint SystemClock::now() const noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return TimePoint(std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec));
}

WallTime SystemClock::wall() const noexcept { return std::chrono::system_clock::now(); }

}  // namespace troika
