#pragma once
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/library_memory.h"
#include "base/output_queue.h"
#include "base/time.h"
#include "http/message/body.h"
#include "proto/session/field_list.h"
#include "proto/session/unsent_ledger.h"

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

// A whole DATA frame, header included, then fits into one TLS record of 16 KiB.
inline constexpr std::size_t kFrameHeaderBytes = 9;
inline constexpr std::size_t kMaxDataPayload = 16384 - kFrameHeaderBytes;
inline constexpr Pieces kDataFrames{.bytes = kMaxDataPayload, .gap = kFrameHeaderBytes};
nghttp2_ssize data_length_callback(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t,
                                   std::int32_t, std::uint32_t, void*) noexcept;

// The code of the RST_STREAM for it (RFC 9113 §7).
std::uint32_t error_code_for(AbortReason reason) noexcept;

constexpr std::uint8_t no_field_flags(FieldName) noexcept { return NGHTTP2_NV_FLAG_NONE; }
using FieldList = troika::FieldList<nghttp2_nv, no_field_flags>;

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

inline constexpr std::string_view kWindowOverflow = "a setting makes a window too large";

// RFC 9113 §6.9.2: SETTINGS_INITIAL_WINDOW_SIZE moves the windows of all streams, and it is an
// error of the connection if one of them exceeds 2^31 - 1. nghttp2 1.64 resets the stream alone.
class InitialWindow {
 public:
  // SETTINGS that are not empty begin to arrive. `streams`: those that the peer gives windows.
  template <class Streams>
  void before(nghttp2_session* engine, const Streams& streams) noexcept {
    std::int64_t widest = 0;
    for (const auto& stream : streams) {
      widest = std::max<std::int64_t>(
          widest, nghttp2_session_get_stream_remote_window_size(engine, stream->id()));
    }
    above_ =
        widest - nghttp2_session_get_remote_settings(engine, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
  }
  void after(const nghttp2_settings& frame) noexcept;
  bool overflowed() const noexcept { return overflowed_; }

 private:
  std::int64_t above_ = 0;  // what the widest window has beyond the setting
  bool overflowed_ = false;
};

class Stream;

// Moves frames from the engine to an output queue, and keeps the ledger of that queue.
class Outbound {
 public:
  enum class What : std::uint8_t { everything, control };

  // Lets the engine write until `out` holds `high_watermark` bytes or nothing is left. `control`:
  // no DATA. Returns 0 or the engine's fatal error.
  int flush(nghttp2_session* engine, OutputQueue& out, std::size_t high_watermark, What what,
            TimePoint now);

  // For the engine's send_data callback, during flush().
  bool takes_data() const noexcept {
    return what_ == What::everything && out_->size() < high_watermark_;
  }
  void data_frame(Stream& stream, const std::uint8_t* header, Slice payload);

  // The whole head of a stream is in the queue.
  void head_framed(Stream& stream) { heads_.push_back(&stream); }

  // These streams go before all of their bytes have.
  void forget(Stream& stream) noexcept { ledger_.forget(&stream); }
  void forget_all() noexcept { ledger_.forget_all(); }

  // `bytes` left the queue: calls on_body(stream, n) for each part of a body among them, and
  // on_head(stream) for each head.
  template <class OnBody, class OnHead>
  void written(std::size_t bytes, TimePoint now, OnBody on_body, OnHead on_head) {
    queued_ -= bytes;
    last_moved_ = now;
    ledger_.sent(bytes, on_body, on_head);
  }

  std::size_t queued() const noexcept { return queued_; }
  bool full() const noexcept { return queued_ >= high_watermark_; }
  TimePoint last_moved() const noexcept { return last_moved_; }  // while queued() > 0

 private:
  OutputQueue* out_ = nullptr;  // during flush() only
  std::size_t high_watermark_ = static_cast<std::size_t>(-1);
  What what_ = What::everything;
  UnsentLedger<Stream*> ledger_;
  std::vector<Stream*> heads_;  // whose bytes the engine is about to give
  std::size_t queued_ = 0;
  TimePoint last_moved_;
};

}  // namespace troika::h2
