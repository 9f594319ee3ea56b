#include "proto/h2/client_session.h"

#include <array>
#include <new>
#include <utility>

namespace troika::h2 {
namespace {

Engine make_engine(ClientSession* session) {
  nghttp2_session* raw = nullptr;
  const Callbacks callbacks = make_client_callbacks();
  const Options options = make_options();
  if (nghttp2_session_client_new3(&raw, callbacks.get(), session, options.get(), nullptr) != 0) {
    throw std::bad_alloc();
  }
  return Engine(raw);
}

}  // namespace

ClientSession::ClientSession(BufferPool& pool, const Limits& limits, SessionHost& host)
    : context_{.pool = pool, .limits = limits, .host = host}, engine_(make_engine(this)) {
  context_.engine = engine_.get();
  submit_settings();
}

void ClientSession::submit_settings() {
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kClientStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(context_.limits.header_list_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(engine_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(engine_.get(), NGHTTP2_FLAG_NONE, 0,
                                        kClientConnectionWindow);
}

Result<std::unique_ptr<troika::ClientStream>> ClientSession::start(const Request& request,
                                                                   std::unique_ptr<BodySource> body,
                                                                   ResponseReceiver& receiver) {
  if (terminated_ || finished_) return fail(ErrorCode::closed, "the connection has ended");
  if (draining_) return fail(ErrorCode::unavailable, "the connection takes no new requests");
  if (full()) {
    return fail(ErrorCode::unavailable, "as many requests are in flight as the server allows");
  }
  auto stream = std::make_unique<ClientStream>(context_, receiver, request.method == Method::head,
                                               std::move(body));
  if (auto submitted = stream->submit(request); !submitted) {
    return std::unexpected(submitted.error());
  }
  return stream;
}

bool ClientSession::full() const noexcept {
  return context_.open.size() >= nghttp2_session_get_remote_settings(
                                     engine_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

Status ClientSession::receive(std::span<const std::byte> bytes, TimePoint) {
  if (terminated_ || finished_) return {};
  const nghttp2_ssize taken =
      nghttp2_session_mem_recv2(engine_.get(), octets(bytes.data()), bytes.size());
  context_.host.mark_dirty();
  if (taken >= 0) return {};
  terminated_ = true;
  lose_all(AbortReason::protocol_error);
  nghttp2_session_terminate_session(engine_.get(), NGHTTP2_PROTOCOL_ERROR);
  return fail(ErrorCode::protocol, nghttp2_strerror(static_cast<int>(taken)));
}

void ClientSession::receive_end(TimePoint) { abort(AbortReason::peer_gone); }

Status ClientSession::produce(OutputQueue& out, std::size_t high, TimePoint now) {
  if (finished_) return {};
  Status status;
  do {
    apply_records();
    // Not before: after GOAWAY the engine sends no request that it still holds.
    if (context_.open.empty() && std::exchange(leaving_, false)) {
      nghttp2_submit_goaway(engine_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    }
    if (outbound_.flush(engine_.get(), out, high, Outbound::What::everything, now) != 0) {
      status = fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
    }
  } while (status && !context_.noted.empty() && out.size() < high);
  if (!status || engine_done()) {
    lose_all(terminated_ ? AbortReason::protocol_error : AbortReason::peer_gone);
    finished_ = true;
  }
  finished_ = finished_ || terminated_;
  return status;
}

void ClientSession::apply_records() {
  if (const std::size_t bytes = std::exchange(context_.credit, 0); bytes > 0) {
    nghttp2_session_consume_connection(engine_.get(), bytes);
  }
  for (const std::int32_t id : std::exchange(context_.noted, {})) {
    if (ClientStream* stream = find(id)) stream->apply();
  }
}

bool ClientSession::engine_done() const noexcept {
  return nghttp2_session_want_read(engine_.get()) == 0 &&
         nghttp2_session_want_write(engine_.get()) == 0;
}

void ClientSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  outbound_.written(bytes, now, [](std::int32_t, std::size_t) {});
}

Interest ClientSession::interest() const noexcept {
  Interest interest;
  interest.finished = finished_;
  interest.wants_read = !finished_ && !terminated_;
  interest.has_output = !finished_ && (!context_.noted.empty() || context_.credit > 0 ||
                                       (leaving_ && context_.open.empty()) ||
                                       nghttp2_session_want_write(engine_.get()) != 0);
  return interest;
}

void ClientSession::drain() {
  draining_ = leaving_ = true;
  context_.host.mark_dirty();
}

void ClientSession::abort(AbortReason reason) noexcept {
  terminated_ = finished_ = true;
  lose_all(reason);
}

ClientStream* ClientSession::find(std::int32_t id) noexcept {
  const auto found = context_.open.find(id);
  return found == context_.open.end() ? nullptr : found->second;
}

void ClientSession::lose_all(AbortReason reason) {
  for (const auto& [id, stream] : std::exchange(context_.open, {})) {
    if (stream != nullptr) stream->on_connection_lost(reason);
  }
}

std::unique_ptr<ClientByteSession> make_client_session(BufferPool& pool, const Limits& limits,
                                                       SessionHost& host) {
  return std::make_unique<ClientSession>(pool, limits, host);
}

struct ClientCallbacks {
  static ClientSession& of(void* user) noexcept { return *static_cast<ClientSession*>(user); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    if (ClientStream* stream = of(user).find(frame->hd.stream_id)) stream->on_headers_begin();
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) noexcept {
    if (ClientStream* stream = of(user).find(frame->hd.stream_id)) {
      stream->on_field(view_of(name, name_size), view_of(value, value_size));
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    ClientSession& self = of(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) self.draining_ = true;
    ClientStream* stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) stream->on_headers(ends_stream(*frame));
    if (frame->hd.type == NGHTTP2_DATA && ends_stream(*frame)) stream->on_response_end();
    if (frame->hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset();
    return 0;
  }

  static int on_data(nghttp2_session* engine, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user) noexcept {
    if (ClientStream* stream = of(user).find(id)) {
      stream->on_data(bytes_of(data, size));
    } else {
      nghttp2_session_consume_connection(engine, size);
    }
    return 0;
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header,
                       std::size_t, nghttp2_data_source*, void* user) noexcept {
    ClientSession& self = of(user);
    if (!self.outbound_.takes_data()) return NGHTTP2_ERR_WOULDBLOCK;
    ClientStream* stream = self.find(frame->hd.stream_id);
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

  static void close(ClientSession& self, std::int32_t id, std::uint32_t code) noexcept {
    if (ClientStream* stream = self.find(id)) stream->on_closed(code);
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
