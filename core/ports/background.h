#pragma once
#include <cstdint>
#include <memory>

#include "base/ownership.h"

namespace troika {

// Runs work that would block the loop on a thread pool that all workers share. Each Background
// gives a limited number of tasks to the pool at a time; of the others, the small ones go first.
class Background {
 public:
  // Owns everything that it works on. Created and freed on the worker.
  class Task {
   public:
    virtual ~Task() = default;
    virtual void work() noexcept = 0;  // on a thread of the pool
    virtual void finish() = 0;         // on the worker, after work(); not when cancelled
    virtual std::uint64_t cost() const noexcept { return 0; }  // about, in bytes of input
  };

  virtual ~Background() = default;
  // Destroying the operation cancels: finish() is not called, and the task is freed when the pool
  // is done with it.
  [[nodiscard]] virtual std::unique_ptr<Operation> run(std::unique_ptr<Task> task) = 0;
  // Only the destruction of the Background cancels it.
  virtual void post(std::unique_ptr<Task> task) = 0;
};

}  // namespace troika
