#pragma once
#include <uv.h>

#include <memory>

#include "base/ownership.h"
#include "loop/loop.h"

namespace troika {

class Loop;

// Starts libuv's thread pool, one per process, before any loop has work for it; UV_THREADPOOL_SIZE
// in the environment overrides `threads`. libuv starts the pool at its first job and aborts if it
// gets no thread, so this first tries to create as many threads. Throws std::system_error, as
// std::thread does.
void start_thread_pool(Loop& loop, unsigned threads);

// Work on libuv's thread pool. A job owns everything that it works on and is freed on the loop when
// the work has ended, even if it was detached. Only inside src/loop: it needs uv.h.
class PoolJob {
 public:
  virtual ~PoolJob() = default;

  // Destroying the operation detaches the job.
  static std::unique_ptr<Operation> run(Loop& loop, std::unique_ptr<PoolJob> job);

 protected:
  virtual void work() noexcept = 0;    // on a thread of the pool
  virtual void finish() = 0;           // on the loop, unless it was detached
  virtual void forget() noexcept = 0;  // on the loop, when detached: drop the callback
  virtual void skipped() noexcept {}   // on the loop, after forget(): work() will not be called

 private:
  class Wait;
  uv_work_t request_{};
  Wait* wait_ = nullptr;  // null: detached
};

}  // namespace troika
