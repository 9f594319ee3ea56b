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

// A value that is worked out once, for all who ask for it meanwhile and later; a failure is told to
// those who wait, and forgotten. Everything but wanted() is for the worker alone.
template <class T>
class Awaited {
 public:
  using Done = std::move_only_function<void(const Result<T>&)>;

  // Null until finish() brought a value.
  const T* get() const noexcept { return value_ ? &*value_ : nullptr; }
  // Somebody has claimed it: it comes, or fails, without another's doing.
  bool is_claimed() const noexcept { return claimed_; }
  // True for the first to ask: the one who sees to it that finish() or abandon() is called.
  bool claim() noexcept { return !std::exchange(claimed_, true); }
  // Whether anybody still waits: whoever works on the value, on any thread, may stop when not.
  bool wanted() const noexcept { return wanted_.load(std::memory_order_relaxed); }
  // While there is no value only. This object must outlive the operation.
  [[nodiscard]] std::unique_ptr<Operation> wait(Done done) {
    auto waiter = std::make_unique<Waiter>(*this, std::move(done));
    wanted_.store(true, std::memory_order_relaxed);
    return waiter;
  }
  void finish(Result<T> result) {
    claimed_ = false;
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
  // The work was stopped since nobody waited. True: somebody does by now, so begin again.
  bool abandon() noexcept {
    claimed_ = !waiters_.empty();
    return claimed_;
  }

 private:
  struct Waiter final : Operation {
    Waiter(Awaited& awaited, Done d) : from(awaited), done(std::move(d)) {
      among = &awaited.waiters_;
      place = among->insert(among->end(), this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() override {
      if (among == nullptr) return;
      among->erase(place);
      if (among == &from.waiters_ && among->empty()) {
        from.wanted_.store(false, std::memory_order_relaxed);
      }
    }
    Awaited& from;
    Done done;
    std::list<Waiter*>* among;  // null: was called
    typename std::list<Waiter*>::iterator place;
  };

  std::optional<T> value_;
  std::list<Waiter*> waiters_;
  std::atomic<bool> wanted_ = false;
  bool claimed_ = false;
};

// How many there are of something that costs memory for as long as it is sent.
struct LiveCount final : Counted {
  std::size_t count = 0;
};
class LivePlace {
 public:
  LivePlace() noexcept = default;  // of none
  explicit LivePlace(Ref<LiveCount> count) : count_(std::move(count)) { ++count_->count; }
  LivePlace(LivePlace&&) noexcept = default;
  LivePlace& operator=(LivePlace&&) = delete;
  ~LivePlace() {
    if (count_) --count_->count;
  }

 private:
  Ref<LiveCount> count_;
};

}  // namespace troika
