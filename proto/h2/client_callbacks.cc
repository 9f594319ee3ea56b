#include "proto/h2/client_callbacks.h"

#include "proto/h2/client_session.h"

namespace troika::h2 {

struct ClientCallbacks {
  static ClientSessionImpl& of(void* user) noexcept {
    return *static_cast<ClientSessionImpl*>(user);
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    if (ClientStreamImpl* stream = of(user).find(frame->hd.stream_id)) stream->on_headers_begin();
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) noexcept {
    if (ClientStreamImpl* stream = of(user).find(frame->hd.stream_id)) {
      stream->on_field(view_of(name, name_size), view_of(value, value_size));
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    ClientSessionImpl& self = of(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) self.draining_ = true;
    ClientStreamImpl* stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) stream->on_headers(ends_stream(*frame));
    if (frame->hd.type == NGHTTP2_DATA && ends_stream(*frame)) stream->on_response_end();
    if (frame->hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset();
    return 0;
  }

  static int on_data(nghttp2_session* engine, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user) noexcept {
    if (ClientStreamImpl* stream = of(user).find(id)) {
      stream->on_data(bytes_of(data, size));
    } else {
      nghttp2_session_consume_connection(engine, size);
    }
    return 0;
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header,
                       std::size_t, nghttp2_data_source*, void* user) noexcept {
    ClientSessionImpl& self = of(user);
    if (!self.outbound_.takes_data()) return NGHTTP2_ERR_WOULDBLOCK;
    ClientStreamImpl* stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    self.outbound_.data_frame(frame->hd.stream_id, header, stream->take_pending());
    return 0;
  }

  // A request that was queued and may not be sent any more, after GOAWAY or its own cancellation.
  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int,
                               void* user) noexcept {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      close(of(user), frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code,
                             void* user) noexcept {
    close(of(user), id, code);
    return 0;
  }

  static void close(ClientSessionImpl& self, std::int32_t id, std::uint32_t code) noexcept {
    if (ClientStreamImpl* stream = self.find(id)) stream->on_closed(code);
    self.context_.open.erase(id);
  }
};

Callbacks make_client_callbacks() {
  using C = ClientCallbacks;
  Callbacks all = make_callbacks();
  nghttp2_session_callbacks_set_on_begin_headers_callback(all.get(), C::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(all.get(), C::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(all.get(), C::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all.get(), C::on_data);
  nghttp2_session_callbacks_set_send_data_callback(all.get(), C::send_data);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(all.get(), C::on_frame_not_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(all.get(), C::on_stream_close);
  return all;
}

}  // namespace troika::h2
