#pragma once
#include <atomic>
#include <string>
#include <string_view>

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

}  // namespace troika
