#pragma once
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace troika {

// The rest of a request body that nobody wants: it is read and dropped for a while. On HTTP/1 the
// connection can go on behind it; on HTTP/2 and HTTP/3 a client that is told to stop while it sends
// may drop the response.
class Discard {
 public:
  explicit Discard(std::size_t most_bytes) noexcept : left_(most_bytes) {}

  void add(std::size_t bytes) noexcept {
    if (bytes > left_) spent_ = true;
    left_ -= fits(bytes) ? bytes : left_;
  }
  bool fits(std::uint64_t more) const noexcept { return more <= left_; }
  // The response is over; from then on there is an end in time, too.
  void end_at(TimePoint when) noexcept { end_ = when; }
  TimePoint end() const noexcept { return end_; }  // kNever before
  bool spent() const noexcept { return spent_; }   // more came than the limit allows
  bool over(TimePoint now) const noexcept { return spent_ || now >= end_; }

 private:
  std::size_t left_;
  TimePoint end_ = kNever;
  bool spent_ = false;
};

}  // namespace troika
