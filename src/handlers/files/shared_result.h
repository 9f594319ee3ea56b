#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/ownership.h"

namespace troika {

// A value that is computed once, for everybody who asks for it before or after it is there. A
// failure is reported to those who wait at the time, and then forgotten. Only wanted() and begin()
// may be called from other threads than the worker's.
template <class T>
class SharedResult {
 public:
  using Done = std::move_only_function<void(const Result<T>&)>;

  // Null until finish() was called with a value.
  const T* get() const noexcept { return value_ ? &*value_ : nullptr; }
  // The computation is under way.
  bool is_claimed() const noexcept { return claimed_; }
  // True for the first caller, who must see to it that finish() or abandon() is called.
  bool claim() noexcept { return !std::exchange(claimed_, true); }
  // The computation is no longer only waiting for its turn.
  void begin() noexcept { begun_.store(true, std::memory_order_relaxed); }
  bool has_begun() const noexcept { return begun_.load(std::memory_order_relaxed); }
  // It goes on although nobody waits: somebody will ask again. Only while it is claimed.
  void keep() noexcept { kept_ = true; }
  // Whether anybody waits; the computation, on any thread, may stop when nobody does.
  bool wanted() const noexcept { return wanted_.load(std::memory_order_relaxed); }
  // Only while there is no value. This object must outlive the operation.
  [[nodiscard]] std::unique_ptr<Operation> wait(Done done) {
    auto waiter = std::make_unique<Waiter>(*this, std::move(done));
    wanted_.store(true, std::memory_order_relaxed);
    return waiter;
  }
  void finish(Result<T> result) {
    claimed_ = kept_ = false;
    begun_.store(false, std::memory_order_relaxed);
    if (result) value_ = *result;
    std::list<Waiter*> waiters = std::move(waiters_);
    waiters_.clear();
    wanted_.store(false, std::memory_order_relaxed);
    for (Waiter* const waiter : waiters) waiter->among = &waiters;
    while (!waiters.empty()) {
      Waiter& first = *waiters.front();
      waiters.pop_front();
      first.among = nullptr;
      auto done = std::move(first.done);  // it may destroy its operation, or another one
      done(result);
    }
  }
  // The computation stopped since nobody waited. True: somebody waits by now, so start it again.
  bool abandon() noexcept {
    claimed_ = kept_ || !waiters_.empty();
    begun_.store(false, std::memory_order_relaxed);
    return claimed_;
  }

 private:
  struct Waiter final : Operation {
    Waiter(SharedResult& result, Done d) : from(result), done(std::move(d)) {
      among = &result.waiters_;
      place = among->insert(among->end(), this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() override {
      if (among == nullptr) return;
      among->erase(place);
      if (among == &from.waiters_ && among->empty() && !from.kept_) {
        from.wanted_.store(false, std::memory_order_relaxed);
      }
    }
    SharedResult& from;
    Done done;
    std::list<Waiter*>* among;  // null: was called
    typename std::list<Waiter*>::iterator place;
  };

  std::optional<T> value_;
  std::list<Waiter*> waiters_;
  std::atomic<bool> wanted_ = false, begun_ = false;
  bool claimed_ = false, kept_ = false;
};

}  // namespace troika
