#pragma once
#include <cstddef>
#include <memory>

#include "base/ownership.h"
#include "loop/loop.h"
#include "ports/background.h"

namespace troika {

// Background on libuv's thread pool, which reads files, too: so at most `limit` tasks are with it
// at a time. Destroyed before its loop.
class UvBackground final : public Background {
 public:
  UvBackground(Loop& loop, std::size_t limit);
  UvBackground(const UvBackground&) = delete;
  UvBackground& operator=(const UvBackground&) = delete;
  ~UvBackground() override;  // what has not begun is freed, what has begun is cancelled
  [[nodiscard]] std::unique_ptr<Operation> run(std::unique_ptr<Task> task) override;
  void post(std::unique_ptr<Task> task) override;

 private:
  struct State;
  class Job;
  class Cancel;
  Ref<State> state_;  // shared with the jobs that the pool has not done with
};

}  // namespace troika
