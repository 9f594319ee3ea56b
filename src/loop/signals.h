#pragma once
#include <functional>

#include "loop/loop.h"

namespace troika {

// Calls back on the loop for what signals request (caught_signals.h).
class Signals {
 public:
  enum class Wish : unsigned char {
    stop,          // gracefully; always first
    stop_at_once,  // the end was requested again
    reopen_logs,
  };
  using OnWish = std::move_only_function<void(Wish wish)>;

  // Throws std::system_error as Loop does. From now on no request is lost, even if the loop runs
  // later.
  Signals(Loop& loop, OnWish on_wish);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void on_caught();
  void look_for_stop();

  Loop& loop_;
  OnWish on_wish_;
  unsigned told_ = 0;  // how many requests of the end were passed on
  Handle<uv_poll_s> poll_;
  Timer second_look_;  // at the terminal: the shell's signal may precede its closing
};

}  // namespace troika
