#pragma once
#include <nghttp2/nghttp2.h>

#include "proto/h2/engine.h"

namespace troika::h2 {

// nghttp2's callbacks that a session of either side needs. The user data of the engine is the
// `Session`; each callback finds the stream, or hands the frame to the session.
template <class Session>
struct SessionCallbacks {
  static Callbacks make() {
    Callbacks all = make_callbacks();
    nghttp2_session_callbacks_set_on_begin_frame_callback(all.get(), on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(all.get(), on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(all.get(), on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all.get(), on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all.get(), on_data);
    nghttp2_session_callbacks_set_send_data_callback(all.get(), send_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(all.get(), on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(all.get(), on_frame_not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(all.get(), on_stream_close);
    return all;
  }

 private:
  static constexpr std::size_t kFieldOverhead = 32;  // RFC 9113 §6.5.2

  static Session& of(void* user) noexcept { return *static_cast<Session*>(user); }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* user) noexcept {
    // Not for an acknowledgement, which is empty as well: streams are looked at.
    if (header->type == NGHTTP2_SETTINGS && header->length > 0) of(user).on_settings_begin();
    return 0;
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    of(user).on_headers_begin(*frame);
    return 0;
  }

  // After this failure nghttp2 resets the stream, unless that has happened, and decodes the rest of
  // the section for its table alone.
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) noexcept {
    auto* const stream = of(user).find(frame->hd.stream_id);
    const bool wanted =
        stream != nullptr && stream->on_field(view_of(name, name_size), view_of(value, value_size));
    if (!wanted) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return of(user).pauses_after(name_size + value_size + kFieldOverhead) ? NGHTTP2_ERR_PAUSE : 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    of(user).on_frame(*frame);
    return 0;
  }

  static int on_data(nghttp2_session* engine, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user) noexcept {
    if (auto* const stream = of(user).find(id)) {
      stream->on_data(bytes_of(data, size));
    } else {
      nghttp2_session_consume_connection(engine, size);
    }
    return 0;
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header,
                       std::size_t length, nghttp2_data_source*, void* user) noexcept {
    Session& self = of(user);
    if (!self.outbound_.takes_data()) return NGHTTP2_ERR_WOULDBLOCK;
    auto* const stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    self.outbound_.data_frame(*stream, header, stream->take_pending(length));
    return 0;
  }

  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    of(user).on_frame_sent(*frame);
    return 0;
  }

  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error,
                               void* user) noexcept {
    of(user).on_frame_not_sent(*frame, error);
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code,
                             void* user) noexcept {
    of(user).on_stream_closed(id, code);
    return 0;
  }
};

}  // namespace troika::h2
