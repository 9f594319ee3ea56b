#pragma once
#include <cstddef>
#include <utility>

#include "base/ownership.h"

namespace troika {

// Limits how many of something that costs memory exist at a time. Of one worker, so not atomic.
class Semaphore final : public Counted {
 public:
  explicit Semaphore(std::size_t limit) noexcept : limit_(limit) {}
  // Several callers may ask before one of them takes its Permit, so a few may exceed the limit.
  bool is_exhausted() const noexcept { return taken_ >= limit_; }

 private:
  friend class Permit;
  std::size_t limit_;
  std::size_t taken_ = 0;
};

// Counts against its semaphore until it is destroyed.
class Permit {
 public:
  Permit() noexcept = default;  // of no semaphore
  explicit Permit(Ref<Semaphore> semaphore) noexcept : semaphore_(std::move(semaphore)) {
    ++semaphore_->taken_;
  }
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) = delete;
  ~Permit() {
    if (semaphore_) --semaphore_->taken_;
  }

 private:
  Ref<Semaphore> semaphore_;
};

}  // namespace troika
