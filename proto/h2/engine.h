#pragma once
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/output_queue.h"
#include "base/time.h"
#include "http/message/body.h"

namespace troika::h2 {

std::string library_version();  // "nghttp2 1.2.3", as linked at run time

// Owners of nghttp2's objects.
struct EngineDeleter {
  void operator()(nghttp2_session* p) const noexcept { nghttp2_session_del(p); }
  void operator()(nghttp2_session_callbacks* p) const noexcept { nghttp2_session_callbacks_del(p); }
  void operator()(nghttp2_option* p) const noexcept { nghttp2_option_del(p); }
};
using Engine = std::unique_ptr<nghttp2_session, EngineDeleter>;
using Callbacks = std::unique_ptr<nghttp2_session_callbacks, EngineDeleter>;
using Options = std::unique_ptr<nghttp2_option, EngineDeleter>;

Callbacks make_callbacks();
Options make_options();

// A whole DATA frame, header included, then fills one TLS record of 16 KiB and no second one.
inline constexpr std::size_t kFrameHeaderBytes = 9;
inline constexpr std::size_t kMaxDataPayload = 16384 - kFrameHeaderBytes;
nghttp2_ssize data_length_callback(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t,
                                   std::int32_t, std::uint32_t, void*) noexcept;

// The RST_STREAM code that tells the peer of it (RFC 9113 §7).
std::uint32_t error_code_for(AbortReason reason) noexcept;

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}
inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const std::byte*>(data), size};
}
inline const std::uint8_t* octets(const void* data) noexcept {
  return static_cast<const std::uint8_t*>(data);
}
inline bool ends_stream(const nghttp2_frame& frame) noexcept {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

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
