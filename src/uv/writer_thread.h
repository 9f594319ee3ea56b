#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "uv/fd.h"

namespace troika {

// Writes lines to a descriptor (file, terminal, pipe) on a thread of its own. Nobody who writes a
// line ever waits: when the reader is too slow lines are dropped, and one line tells how many.
class WriterThread {
 public:
  struct Options {
    std::size_t queue_bytes = 1U << 20U;  // waiting; as much again may be in the writer's hands
    Duration last_chance = std::chrono::milliseconds(200);  // for what is left at the end
  };

  explicit WriterThread(Fd out);
  WriterThread(Fd out, Options options);
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread();

  // Takes one line, without its newline. From any thread.
  void line(std::string_view text);
  // Lines go to what `open` gives from then on, whole and none twice; those of before may, too.
  // It is called on the writer's thread, between two batches. Nothing is what it gives when it
  // fails: lines go on to where they went. From any thread.
  void reopen(std::function<Fd()> open);
  std::uint64_t dropped() const noexcept;  // lines, so far

 private:
  struct State;  // shared with the thread, which may be stuck in write() when this object dies
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace troika
