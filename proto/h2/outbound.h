#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "base/output_queue.h"
#include "proto/h2/engine.h"

namespace troika::h2 {

// Moves frames from the engine to an output queue, and knows of each byte in that queue which
// stream's body it is: a stream is credited with what left for the wire, not with what was framed.
class Outbound {
 public:
  enum class What : std::uint8_t { everything, control };

  // Lets the engine write until `out` holds `high` bytes or nothing is left. `control`: no DATA.
  // Returns 0 or the engine's fatal error.
  int flush(nghttp2_session* engine, OutputQueue& out, std::size_t high, What what, TimePoint now);

  // For the engine's send_data callback, during flush().
  bool takes_data() const noexcept { return what_ == What::everything && out_->size() < high_; }
  void data_frame(std::int32_t stream, const std::uint8_t* header, Slice payload);

  // `bytes` left the queue: tells left(stream, body bytes) for each part of them.
  template <class Left>
  void written(std::size_t bytes, TimePoint now, Left&& left);

  std::size_t queued() const noexcept { return queued_; }
  bool high() const noexcept { return queued_ >= high_; }
  TimePoint last_moved() const noexcept { return last_moved_; }  // while queued() > 0

 private:
  struct Part {  // `control` bytes of anything, then `body` bytes of that stream
    std::int32_t stream;
    std::size_t control, body;
  };
  Part& part();

  OutputQueue* out_ = nullptr;  // during flush() only
  std::size_t high_ = static_cast<std::size_t>(-1);
  What what_ = What::everything;
  std::deque<Part> parts_;
  std::size_t queued_ = 0;
  TimePoint last_moved_;
};

template <class Left>
void Outbound::written(std::size_t bytes, TimePoint now, Left&& left) {
  queued_ -= bytes;
  last_moved_ = now;
  while (bytes > 0) {
    Part& first = parts_.front();
    const std::size_t control = std::min(bytes, first.control);
    first.control -= control;
    bytes -= control;
    const std::size_t body = std::min(bytes, first.body);
    first.body -= body;
    bytes -= body;
    if (body > 0) left(first.stream, body);
    if (first.control == 0 && first.body == 0) parts_.pop_front();
  }
}

}  // namespace troika::h2
