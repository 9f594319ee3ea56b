#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/time.h"
#include "os/fd.h"

namespace troika {

// Where the lines of a log go: a file, a FIFO, a pipe, a terminal. What has a path is opened here,
// and a FIFO without a reader is opened as soon as it has one. Used by one thread at a time.
class LogOutput {
 public:
  struct Written {
    std::size_t bytes = 0;  // of whole lines
    int error = 0;          // an errno: why it is not all of them
  };

  explicit LogOutput(Fd fd);  // opened by somebody else, and never again
  LogOutput(std::string path, mode_t mode) : path_(std::move(path)), mode_(mode) {}

  // Opens the path, which need not exist. 0, or an errno. That nobody reads a FIFO is no error
  // here: write() tries again.
  int open() noexcept;
  void use(Fd fd) noexcept;  // from now on
  // Waits for readers until `stop`. After an error the next line begins a line all the same: what
  // was written of the one that did not fit is taken back, or ended.
  Written write(std::string_view lines, const std::atomic<bool>& stop) noexcept;

 private:
  Written write_some(std::string_view bytes, const std::atomic<bool>& stop) noexcept;
  int wait_for_room(const std::atomic<bool>& stop) noexcept;
  bool take_back(std::size_t bytes) noexcept;

  std::string path_;  // empty: no path
  mode_t mode_ = 0;
  Fd fd_;
  bool regular_ = false;
  bool torn_ = false;  // the last byte that was written ends no line
};

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
