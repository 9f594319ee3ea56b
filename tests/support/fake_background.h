#pragma once
// A thread pool without threads behind Background: completes at once or on demand.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "ports/background.h"

namespace troika::test {

// Destroyed after every operation it gave.
class FakeBackground final : public Background {
 public:
  FakeBackground() = default;
  FakeBackground(const FakeBackground&) = delete;
  FakeBackground& operator=(const FakeBackground&) = delete;

  bool later = false;  // tasks wait for complete()
  int ran = 0;         // tasks that were given to run()
  int posted = 0;      // tasks that were given to post()
  int alive = 0;       // tasks not yet freed

  std::size_t waiting() const noexcept { return waiting_.size(); }

  // Completes the task that has waited longest.
  void complete() {
    begin();
    end();
  }
  // The same in two steps, with work() done and finish() still to come in between: a task that is
  // cancelled there is freed by end(). One at a time.
  void begin() {
    begun_ = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    begun_->task->work();
  }
  void end() {
    const std::unique_ptr<Held> held = std::move(begun_);
    if (held->cancelled) return;
    held->forget_operation();
    held->task->finish();
  }

  // Frees what waits, as a Background does that is destroyed.
  void drop() { waiting_.clear(); }

  // Null when the task completed inside the call.
  std::unique_ptr<Operation> run(std::unique_ptr<Task> task) override {
    ++ran;
    Held* const held = add(std::move(task));
    return held == nullptr ? nullptr : std::make_unique<Cancel>(*this, *held);
  }
  void post(std::unique_ptr<Task> task) override {
    ++posted;
    add(std::move(task));
  }

 private:
  class Cancel;
  struct Held {
    Held(FakeBackground& o, std::unique_ptr<Task> t) : owner(o), task(std::move(t)) {
      ++owner.alive;
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
      forget_operation();
      task.reset();
      --owner.alive;
    }
    void forget_operation() noexcept {
      if (operation != nullptr) std::exchange(operation, nullptr)->held = nullptr;
    }
    FakeBackground& owner;
    std::unique_ptr<Task> task;
    Cancel* operation = nullptr;
    bool cancelled = false;
  };

  class Cancel final : public Operation {
   public:
    Cancel(FakeBackground& o, Held& h) : owner(o), held(&h) { h.operation = this; }
    Cancel(const Cancel&) = delete;
    Cancel& operator=(const Cancel&) = delete;
    ~Cancel() override {
      if (held == nullptr) return;
      held->operation = nullptr;
      if (owner.begun_.get() == held) {
        held->cancelled = true;
      } else {
        std::erase_if(owner.waiting_, [this](const auto& each) { return each.get() == held; });
      }
    }
    FakeBackground& owner;
    Held* held;
  };

  Held* add(std::unique_ptr<Task> task) {
    auto held = std::make_unique<Held>(*this, std::move(task));
    if (!later) {
      held->task->work();
      held->task->finish();
      return nullptr;
    }
    waiting_.push_back(std::move(held));
    return waiting_.back().get();
  }

  std::vector<std::unique_ptr<Held>> waiting_;
  std::unique_ptr<Held> begun_;
};

}  // namespace troika::test
