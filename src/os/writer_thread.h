#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/time.h"
#include "os/log_output.h"

namespace troika {

// Writes lines to a log on a thread of its own. Nobody who writes a line ever waits: when the
// reader is too slow, or the log cannot be written, lines are dropped, and one line tells how many
// as soon as there is room for it.
class WriterThread {
 public:
  struct Options {
    std::size_t queue_bytes = 1U << 20U;  // waiting; as much again may be in the writer's hands
    Duration last_chance = std::chrono::milliseconds(200);  // for what is left at the end
    Duration say_again = std::chrono::minutes(1);           // between two notices of a failure
  };

  explicit WriterThread(LogOutput out);
  WriterThread(LogOutput out, Options options);
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread();

  // Where it is said that this log, which `name` tells the operator of, cannot be written; outlives
  // this. Without it nothing is said.
  void set_notices(WriterThread& notices, std::string name);
  // Takes one line, without its newline. From any thread.
  void line(std::string_view text);
  // Lines go to where `open` has brought the output from then on, whole and none twice; those of
  // before may, too. It is called on the writer's thread, between two batches; where it does
  // nothing lines go on to where they went. From any thread.
  using Open = std::function<void(LogOutput&)>;
  void reopen(Open open);
  std::uint64_t dropped() const noexcept;  // lines, so far

 private:
  struct State;  // shared with the thread, which may be stuck in write() when this object dies
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace troika
