#pragma once
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "base/operation.h"

namespace troika {

// A value that is worked out once, for all who ask for it meanwhile and later.
template <class T>
class Awaited {
 public:
  using Done = std::move_only_function<void(const T&)>;

  // Null until set().
  const T* get() const noexcept { return value_ ? &*value_ : nullptr; }
  // True for the first to ask: the one who sees to it that set() is called.
  bool claim() noexcept { return !std::exchange(claimed_, true); }
  // Before set() only; this object must outlive the operation.
  [[nodiscard]] std::unique_ptr<Operation> wait(Done done) {
    return std::make_unique<Waiter>(*this, std::move(done));
  }
  void set(T value) {
    value_ = std::move(value);
    while (!waiters_.empty()) {
      Waiter& first = *waiters_.front();
      waiters_.pop_front();
      first.from = nullptr;
      auto done = std::move(first.done);  // it may destroy its operation, or another one
      done(*value_);
    }
  }

 private:
  struct Waiter final : Operation {
    Waiter(Awaited& awaited, Done d) : from(&awaited), done(std::move(d)) {
      place = awaited.waiters_.insert(awaited.waiters_.end(), this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() override {
      if (from != nullptr) from->waiters_.erase(place);
    }
    Awaited* from;
    Done done;
    typename std::list<Waiter*>::iterator place;
  };

  std::optional<T> value_;
  std::list<Waiter*> waiters_;
  bool claimed_ = false;
};

}  // namespace troika
