#pragma once
#include <functional>
#include <memory>
#include <thread>

#include "loop/loop.h"

namespace troika {

// A thread for what a lost disk may block for ever: it reads certificates and configurations, so
// that no loop waits for them. Its tasks run one after the other.
class SlowThread {
 public:
  using Then = std::move_only_function<void()>;
  // What it returns is called on the loop; empty: nothing. Not called when this object has gone.
  using Task = std::move_only_function<Then()>;

  // The loop outlives it. Objects that tasks refer to live as long as the process, since a task
  // that does not return is abandoned.
  explicit SlowThread(Loop& loop);
  SlowThread(const SlowThread&) = delete;
  SlowThread& operator=(const SlowThread&) = delete;
  ~SlowThread();  // waits 200 ms for a task that runs

  void post(Task task);  // from the loop's thread

 private:
  struct State;  // shared with the thread

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace troika
