#include "proto/h2/server_callbacks.h"

#include <algorithm>
#include <iterator>

#include "proto/h2/server_session.h"

namespace troika::h2 {

struct ServerCallbacks {
  static ServerSession& of(void* user) noexcept { return *static_cast<ServerSession*>(user); }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* user) noexcept {
    // Only CONTINUATION may come within a field section: that of a stream which the engine ignores
    // by now has no other end.
    if (header->type != NGHTTP2_CONTINUATION) of(user).header_since_.reset();
    return 0;
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    ServerSession& self = of(user);
    self.header_since_ = self.now_;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self.open_stream(frame->hd.stream_id);
    } else if (Stream* stream = self.find(frame->hd.stream_id)) {
      stream->on_trailers_begin();
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) noexcept {
    if (Stream* stream = of(user).find(frame->hd.stream_id)) {
      stream->on_field(view_of(name, name_size), view_of(value, value_size));
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    ServerSession& self = of(user);
    if (frame->hd.type == NGHTTP2_SETTINGS || frame->hd.type == NGHTTP2_PING) {
      self.on_control_frame(*frame);
      return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS) self.header_since_.reset();
    Stream* stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) stream->on_headers(ends_stream(*frame));
    if (frame->hd.type == NGHTTP2_DATA && ends_stream(*frame)) stream->on_request_end();
    if (frame->hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset();
    return 0;
  }

  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int,
                              void* user) noexcept {
    ServerSession& self = of(user);
    if (frame->hd.type == NGHTTP2_HEADERS) self.header_since_.reset();
    // The reset waits in the engine's queue; the work must not.
    if (Stream* stream = self.find(frame->hd.stream_id)) stream->on_invalid();
    return 0;
  }

  static int on_data(nghttp2_session* engine, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user) noexcept {
    if (Stream* stream = of(user).find(id)) {
      stream->on_data(bytes_of(data, size));
    } else {
      nghttp2_session_consume_connection(engine, size);
    }
    return 0;
  }

  static nghttp2_ssize read(std::int32_t id, std::size_t length, std::uint32_t* flags,
                            void* user) noexcept {
    Stream* stream = of(user).find(id);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;
    return stream->read(length, flags);
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header,
                       std::size_t length, nghttp2_data_source*, void* user) noexcept {
    ServerSession& self = of(user);
    if (!self.outbound_.takes_data()) return NGHTTP2_ERR_WOULDBLOCK;
    Stream* stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    self.outbound_.data_frame(frame->hd.stream_id, header, stream->take_pending(length));
    return 0;
  }

  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    if (frame->hd.type == NGHTTP2_GOAWAY) of(user).on_goaway_sent();
    const bool has_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!has_end || !ends_stream(*frame)) return 0;
    if (Stream* stream = of(user).find(frame->hd.stream_id)) stream->on_end_sent();
    return 0;
  }

  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int,
                               void* user) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Stream* stream = of(user).find(frame->hd.stream_id)) stream->on_head_not_sent();
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t,
                             void* user) noexcept {
    ServerSession& self = of(user);
    if (Stream* stream = self.find(id)) stream->on_closed();
    self.retire_if_over(id);
    return 0;
  }
};

nghttp2_ssize read_response(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t length,
                            std::uint32_t* flags, nghttp2_data_source*, void* user) noexcept {
  return ServerCallbacks::read(id, length, flags, user);
}

Callbacks make_server_callbacks() {
  using C = ServerCallbacks;
  Callbacks all = make_callbacks();
  nghttp2_session_callbacks_set_on_begin_frame_callback(all.get(), C::on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(all.get(), C::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(all.get(), C::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(all.get(), C::on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(all.get(), C::on_invalid_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all.get(), C::on_data);
  nghttp2_session_callbacks_set_send_data_callback(all.get(), C::send_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(all.get(), C::on_frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(all.get(), C::on_frame_not_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(all.get(), C::on_stream_close);
  return all;
}

}  // namespace troika::h2
