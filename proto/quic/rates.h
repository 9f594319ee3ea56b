#pragma once
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace troika::quic {

// At most `limit` events in each second that begins with an event.
class PerSecond {
 public:
  explicit PerSecond(std::uint32_t limit) noexcept : limit_(limit) {}

  bool take(TimePoint now) noexcept {
    if (used_ == 0 || now - start_ >= std::chrono::seconds(1)) {
      start_ = now;
      used_ = 0;
    }
    if (used_ >= limit_) return false;
    ++used_;
    return true;
  }

 private:
  std::uint32_t limit_, used_ = 0;
  TimePoint start_{};
};

// How many events there were in the second that began with the first of them.
class CountOfSecond {
 public:
  void add(TimePoint now) noexcept {
    if (at(now) == 0) start_ = now;
    ++count_;
  }
  std::size_t at(TimePoint now) noexcept {
    if (now - start_ >= std::chrono::seconds(1)) count_ = 0;
    return count_;
  }

 private:
  std::size_t count_ = 0;
  TimePoint start_{};
};

}  // namespace troika::quic
