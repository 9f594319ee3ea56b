#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/time.h"
#include "os/fd.h"

namespace troika {

// The output of a log: a file, a FIFO, a pipe or a terminal. A path is opened here; a FIFO without
// a reader is opened as soon as it has one. Used by one thread at a time.
class LogOutput {
 public:
  struct Written {
    std::size_t bytes = 0;  // of whole lines
    int error = 0;          // errno, if not all were written
  };

  explicit LogOutput(Fd fd);  // opened by the caller; cannot be reopened
  LogOutput(std::string path, mode_t mode) : path_(std::move(path)), mode_(mode) {}

  // Opens the path, and creates it if necessary. Returns 0 or an errno. A FIFO without a reader is
  // not an error here: write() tries again.
  int open() noexcept;
  void use(Fd fd) noexcept;  // from now on
  // Waits for readers until `stop`. After an error the next write still starts on a new line: a
  // partly written line is removed or terminated.
  Written write(std::string_view lines, const std::atomic<bool>& stop) noexcept;

 private:
  Written write_some(std::string_view bytes, const std::atomic<bool>& stop) noexcept;
  int wait_for_room(const std::atomic<bool>& stop) noexcept;
  bool take_back(std::size_t bytes) noexcept;

  std::string path_;  // empty: no path
  mode_t mode_ = 0;
  Fd fd_;
  bool regular_ = false;
  bool torn_ = false;  // the last byte written does not end a line
};

// Writes lines to a log on its own thread. line() never waits: when the reader is too slow or the
// log cannot be written, lines are dropped, and one line tells how many as soon as there is room
// for it.
class WriterThread {
 public:
  struct Options {
    std::size_t queue_bytes = 1U << 20U;  // waiting; the thread may hold as much again
    Duration last_chance = std::chrono::milliseconds(200);  // for the remaining lines at the end
    Duration say_again = std::chrono::minutes(1);           // between two notices of a failure
  };

  explicit WriterThread(LogOutput out);
  WriterThread(LogOutput out, Options options);
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread();

  // Sets where to report that this log, called `name` there, cannot be written: a sentence. What
  // `say` refers to outlives this object. By default nothing is reported.
  using Say = std::function<void(const std::string& sentence)>;
  void set_notices(Say say, std::string name);
  // Queues one line, given without its newline. From any thread.
  void line(std::string_view text);
  // Queues whole lines, each with its newline: those that there is room for.
  void lines(std::string_view text);
  // Calls `open` on the writer's thread, between two batches, to change the output. Lines from now
  // on go there, whole and none twice; earlier ones may as well. If `open` does nothing, the output
  // stays; its error, a sentence, is reported. It may outlive this object, with what it refers to.
  // From any thread.
  using Open = std::function<Checked<void>(LogOutput&)>;
  void reopen(Open open);
  std::uint64_t dropped() const noexcept;  // lines, so far

 private:
  struct State;  // shared with the thread, which may be stuck in write() when this object dies
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace troika
