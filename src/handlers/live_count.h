#pragma once
#include <cstddef>
#include <utility>

#include "base/ref.h"

namespace troika {

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
