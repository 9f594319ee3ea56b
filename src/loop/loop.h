#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/ownership.h"
#include "base/time.h"
#include "os/fd.h"

struct uv_async_s;
struct uv_idle_s;
struct uv_poll_s;
struct uv_check_s;

namespace troika {

class Loop;

// Closes a libuv handle. libuv may touch its memory until the close callback has run, at the end of
// the loop's turn, so it is freed there; its owner may die at once and gets no further call.
struct CloseHandle {
  void operator()(uv_async_s* handle) const noexcept;
  void operator()(uv_idle_s* handle) const noexcept;
  void operator()(uv_poll_s* handle) const noexcept;
  void operator()(uv_check_s* handle) const noexcept;
};

template <class T>
using Handle = std::unique_ptr<T, CloseHandle>;

// A poll handle for a descriptor that outlives it; the owner sets `data`. Fails when the kernel
// watches no more descriptors for this user (ENOSPC) or lacks memory (ENOMEM).
Result<Handle<uv_poll_s>> make_poll(Loop& loop, int fd);
// The same for handles that a loop or a server requires, made at start: throws what required()
// throws. `owner` becomes `data`.
Handle<uv_poll_s> make_own_poll(Loop& loop, int fd, void* owner);

// Checks a libuv call that fails only for lack of memory or because of a bug.
void must(int status) noexcept;

// Tasks that other threads post to one thread, in order.
class Mailbox {
 public:
  using Task = std::move_only_function<void()>;

  void put(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }

  // Runs the tasks; those that they put wait for the next call.
  void run() {
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (Task& task : tasks) task();
  }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;
};

}  // namespace troika

struct uv_loop_s;

namespace troika {

// One event loop; only post() may be called from other threads than the one that runs it. Each
// turn:
//   1. poll: callbacks of sockets, posted tasks, pool jobs;
//   2. due timers;
//   3. the flush;
//   4. deferred objects are freed.
// Objects that its thread pool jobs use must outlive the loop, above all the BufferPool of a
// FileReader. The destructor waits for jobs that have begun.
class Loop {
 public:
  using Flush = std::move_only_function<bool(TimePoint now)>;

  Loop();  // throws std::system_error when there are no descriptors or no memory
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();  // every other handle of the loop must be gone (asserted)

  const SystemClock& clock() const noexcept { return clock_; }
  // For what happens many times a turn. It is read again before the timers and the flush.
  TurnClock& turn_clock() noexcept { return turn_clock_; }
  TimerQueue& timers() noexcept { return timers_; }
  Deferred& deferred() noexcept { return deferred_; }
  // Called once a turn; true: more is left to do, so poll without waiting and call again.
  void set_flush(Flush flush) { flush_ = std::move(flush); }

  void run();  // until stop(); may be called again
  // Runs turns until done(), called after each turn, is true; false when `limit` has passed first.
  bool run_until(std::move_only_function<bool()> done, Duration limit);
  void stop() noexcept;           // on the loop's own thread; post() it from others
  void post(Mailbox::Task task);  // from any thread, while the loop lives

  // Memory to receive into, valid during one callback.
  std::span<std::byte> scratch() noexcept { return {scratch_.get(), kScratch}; }
  uv_loop_s* raw() noexcept { return loop_.get(); }

 private:
  static constexpr std::size_t kScratch = 64U << 10U;
  struct FreeLoop {
    void operator()(uv_loop_s* loop) const noexcept;
  };

  void after_poll();
  void settle();
  void spin(bool on) noexcept;
  void on_timer_fd() noexcept;
  void arm();

  SystemClock clock_;
  TurnClock turn_clock_{clock_};
  TimerQueue timers_;
  Deferred deferred_;
  Mailbox mailbox_;
  Flush flush_;
  std::unique_ptr<std::byte[]> scratch_;
  std::unique_ptr<uv_loop_s, FreeLoop> loop_;
  Fd timer_fd_;
  Handle<uv_poll_s> timer_poll_;
  Handle<uv_check_s> check_;
  Handle<uv_idle_s> idle_;
  Handle<uv_async_s> wakeup_;
  TimePoint armed_ = kNever;
};

}  // namespace troika

namespace troika::uv {

std::string library_version();  // "libuv 1.2.3", as linked at run time

}  // namespace troika::uv
