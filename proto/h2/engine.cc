#include "proto/h2/engine.h"

#include <nghttp2/nghttp2.h>

#include <new>
#include <utility>

namespace troika::h2 {

std::string library_version() { return std::string("nghttp2 ") + nghttp2_version(0)->version_str; }

Callbacks make_callbacks() {
  nghttp2_session_callbacks* raw = nullptr;
  if (nghttp2_session_callbacks_new(&raw) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_data_source_read_length_callback2(raw, data_length_callback);
  return Callbacks(raw);
}

Options make_options() {
  nghttp2_option* raw = nullptr;
  if (nghttp2_option_new(&raw) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(raw, 1);
  nghttp2_option_set_stream_reset_rate_limit(raw, 1000, 33);
  nghttp2_option_set_max_outbound_ack(raw, 1000);
  nghttp2_option_set_max_settings(raw, 32);
  nghttp2_option_set_max_continuations(raw, 8);
  nghttp2_option_set_max_send_header_block_length(raw, 64U << 10U);
  return Options(raw);
}

nghttp2_ssize data_length_callback(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t,
                                   std::int32_t, std::uint32_t, void*) noexcept {
  return kMaxDataPayload;  // nghttp2 lowers it to what the windows and the peer's frame size allow
}

std::uint32_t error_code_for(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::handler_failed: return NGHTTP2_INTERNAL_ERROR;
    case AbortReason::protocol_error: return NGHTTP2_PROTOCOL_ERROR;
    case AbortReason::refused: return NGHTTP2_REFUSED_STREAM;
    case AbortReason::none:
    case AbortReason::body_stopped: return NGHTTP2_NO_ERROR;
    case AbortReason::timeout:
    case AbortReason::shutdown:
    case AbortReason::peer_reset:
    case AbortReason::peer_gone:
    case AbortReason::cancelled: return NGHTTP2_CANCEL;
    case AbortReason::over_limit: return NGHTTP2_ENHANCE_YOUR_CALM;
  }
  return NGHTTP2_INTERNAL_ERROR;
}

void InitialWindow::after(const nghttp2_settings& frame) noexcept {
  for (const nghttp2_settings_entry& entry : std::span(frame.iv, frame.niv)) {
    if (entry.settings_id != NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) continue;
    overflowed_ = overflowed_ || above_ + entry.value > NGHTTP2_MAX_WINDOW_SIZE;
  }
}

int Outbound::flush(nghttp2_session* engine, OutputQueue& out, std::size_t high_watermark,
                    What what, TimePoint now) {
  if (queued_ == 0) last_moved_ = now;
  out_ = &out;
  high_watermark_ = high_watermark;
  what_ = what;
  int result = 0;
  while (out.size() < high_watermark) {
    const std::uint8_t* data = nullptr;
    const nghttp2_ssize size = nghttp2_session_mem_send2(engine, &data);
    if (size <= 0) {
      result = static_cast<int>(size);
      break;
    }
    const auto count = static_cast<std::size_t>(size);
    out.append_copy(bytes_of(data, count));
    ledger_.add_control(count);
    queued_ += count;
    for (Stream* const stream : heads_) ledger_.add_end(stream);
    heads_.clear();
  }
  out_ = nullptr;
  return result;
}

void Outbound::data_frame(Stream& stream, const std::uint8_t* header, Slice payload) {
  const std::size_t size = payload.size();
  const auto head = bytes_of(header, kFrameHeaderBytes);
  if (!payload.prepend(head)) out_->append_copy(head);
  ledger_.add_control(kFrameHeaderBytes);
  ledger_.add_body(&stream, size);
  queued_ += kFrameHeaderBytes + size;
  out_->append(std::move(payload));
}

}  // namespace troika::h2
