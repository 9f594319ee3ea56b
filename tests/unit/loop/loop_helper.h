#pragma once
#include <chrono>
#include <functional>

#include "loop/loop.h"

namespace troika {

// Runs the loop until `done` or for a few seconds; says whether it was done.
inline bool run_until(Loop& loop, std::move_only_function<bool()> done) {
  return loop.run_until(std::move(done), std::chrono::seconds(20));
}

// Lets the loop do all that is ready now and for a moment.
inline void run_for(Loop& loop, Duration duration) {
  loop.run_until([] { return false; }, duration);
}

}  // namespace troika
