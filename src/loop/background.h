#pragma once
#include <cstddef>
#include <memory>

#include "base/ownership.h"
#include "loop/loop.h"
#include "ports/background.h"

namespace troika {

// Background on libuv's thread pool. The pool also reads files, so it gets at most `limit` tasks at
// a time. Destroyed before its loop.
class UvBackground final : public Background {
 public:
  UvBackground(Loop& loop, std::size_t limit);
  UvBackground(const UvBackground&) = delete;
  UvBackground& operator=(const UvBackground&) = delete;
  ~UvBackground() override;  // frees tasks that have not begun, cancels the others
  [[nodiscard]] std::unique_ptr<Operation> run(std::unique_ptr<Task> task) override;
  void post(std::unique_ptr<Task> task) override;

 private:
  struct State;
  class Job;
  class Cancel;
  Ref<State> state_;  // shared with the jobs that the pool still has
};

}  // namespace troika
