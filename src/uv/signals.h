#pragma once
#include <array>
#include <functional>

#include "uv/handle.h"
#include "uv/loop.h"

namespace troika {

// SIGINT and SIGTERM as calls on the loop; the count grows over both, so that the second one can
// mean "at once".
class Signals {
 public:
  using OnSignal = std::move_only_function<void(int signal, unsigned count)>;
  Signals(Loop& loop, OnSignal on_signal);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  OnSignal on_signal_;
  unsigned count_ = 0;
  std::array<Handle<uv_signal_s>, 2> handles_;
};

// A peer that closes early is an error code of write(), not the end of the process.
void ignore_sigpipe() noexcept;
// A log that reaches the limit of a file's size (RLIMIT_FSIZE) is one, too.
void ignore_sigxfsz() noexcept;

}  // namespace troika
