#pragma once
#include <functional>

#include "loop/loop.h"

namespace troika {

// What signals ask for (caught_signals.h), as calls on the loop.
class Signals {
 public:
  enum class Wish : unsigned char {
    stop,          // gracefully; comes first
    stop_at_once,  // the end was asked for once more
    reopen_logs,
  };
  using OnWish = std::move_only_function<void(Wish wish)>;

  // Throws std::system_error as Loop does. From now on nothing that was asked for is lost, though
  // the loop may run later.
  Signals(Loop& loop, OnWish on_wish);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void on_caught();
  void look_for_stop();

  Loop& loop_;
  OnWish on_wish_;
  unsigned told_ = 0;  // of the times that the end was asked for
  Handle<uv_poll_s> poll_;
  Timer second_look_;  // at the terminal: its shell may have been quicker than its end
};

}  // namespace troika
