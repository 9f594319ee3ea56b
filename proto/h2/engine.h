#pragma once
#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/message/abort_reason.h"

namespace troika::h2 {

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
std::uint32_t code_of(AbortReason reason) noexcept;

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

}  // namespace troika::h2
