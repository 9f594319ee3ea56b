#pragma once
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace troika {

// Tasks that other threads leave for one thread, in order.
class Mailbox {
 public:
  using Task = std::move_only_function<void()>;

  void put(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }

  // Runs what is there; what these tasks put waits for the next call.
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
