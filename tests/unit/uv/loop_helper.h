#pragma once
#include <chrono>
#include <functional>

#include "base/timer_queue.h"
#include "uv/loop.h"

namespace troika {

// Runs the loop until `done` or for a few seconds; says whether it was done.
inline bool run_until(Loop& loop, const std::function<bool()>& done) {
  bool late = false;
  Timer guard(loop.timers(), [&] { late = true; });
  guard.set(loop.clock().now() + std::chrono::seconds(20));
  while (!done() && !late) loop.run_turn();
  return done();
}

// Lets the loop do all that is ready now and for a moment.
inline void run_for(Loop& loop, Duration duration) {
  bool over = false;
  Timer timer(loop.timers(), [&] { over = true; });
  timer.set(loop.clock().now() + duration);
  while (!over) loop.run_turn();
}

}  // namespace troika
