#pragma once
#include <chrono>
#include <functional>

#include "loop/loop.h"

namespace troika {

// What signals request of this process: recorded from catch_signals() on, whatever the process is
// doing, and read by the loop of Signals.
//
// SIGINT, SIGTERM and SIGQUIT request the end. Before a Signals exists they end the process at once
// with exit code 0, as nothing is served yet. After that the first is left to the loop; 5 s after
// the second, or at the third, the process ends with exit code 1, even if one of its threads hangs
// in the kernel.
// SIGUSR1 requests that all logs are reopened, SIGHUP that the configuration is read again as well;
// a SIGHUP because the terminal has closed requests the end of the process. Other signals that
// would end the process without reporting a fault of it are ignored.

// First in main, but for open_closed_streams(). Later calls do nothing.
void catch_signals() noexcept;

// How many times the end was requested.
unsigned stops_caught() noexcept;
// The closing of the terminal counts as one request, if it is the first.
void count_hangup_as_stop() noexcept;
// Ends the process with exit code 1 after this time, whatever its threads do. Of several calls the
// earliest end counts.
void end_process_after(std::chrono::seconds time) noexcept;

enum class Hangup : unsigned char {
  none,
  of_shell,    // from the shell that started us, perhaps because its terminal has closed
  of_terminal  // from the kernel
};
struct Caught {
  bool reopen = false, reload = false;
  Hangup hangup = Hangup::none;
};
// What was requested since the last call.
Caught take_caught() noexcept;
// Whether the process has lost the controlling terminal that it started with.
bool terminal_is_gone() noexcept;

// A descriptor that is readable once a signal was caught, before this call or after it. Valid until
// the process ends; reading empties it. Throws std::system_error when it cannot be created.
int descriptor_of_caught();

// Calls back on the loop for what signals request.
class Signals {
 public:
  enum class Wish : unsigned char {
    stop,          // gracefully; always first
    stop_at_once,  // the end was requested again
    reopen_logs,
    reload,  // and reopen the logs
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
