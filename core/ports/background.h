#pragma once
#include <memory>

#include "base/ownership.h"

namespace troika {

// Work that would hold up the loop, done by a thread pool that all workers share. Only so many
// tasks of one Background are with the pool at a time; the others wait in their order.
class Background {
 public:
  // Owns all that it works on. Made and freed on the worker.
  class Task {
   public:
    virtual ~Task() = default;
    virtual void work() noexcept = 0;  // on a thread of the pool
    virtual void finish() = 0;         // on the worker, after work(); not when cancelled
  };

  virtual ~Background() = default;
  // Destroying the operation cancels: finish() is not called, and the task is freed when the pool
  // has done with it.
  [[nodiscard]] virtual std::unique_ptr<Operation> run(std::unique_ptr<Task> task) = 0;
  // Nobody cancels it but the Background's own destruction.
  virtual void post(std::unique_ptr<Task> task) = 0;
};

}  // namespace troika
