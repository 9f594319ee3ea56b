#include "proto/h2/client_session.h"

#include <array>
#include <new>
#include <utility>

#include "proto/h2/callbacks.h"

namespace troika::h2 {

ClientSession::ClientSession(BufferPool& pool, const Limits& limits, SessionHost& host)
    : context_{.pool = pool, .limits = limits, .host = host} {
  nghttp2_session* raw = nullptr;
  const Callbacks callbacks = SessionCallbacks<ClientSession>::make();
  const Options options = make_options();
  if (nghttp2_session_client_new3(&raw, callbacks.get(), this, options.get(), nullptr) != 0) {
    throw std::bad_alloc();
  }
  engine_.reset(raw);
  context_.engine = engine_.get();
  submit_settings();
}

void ClientSession::submit_settings() {
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kClientStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(context_.limits.response_bytes)},
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
  auto stream = std::make_unique<ClientStream>(context_, receiver, request.method, std::move(body));
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

Status ClientSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  if (finished_) return {};
  Status status;
  do {
    apply_records();
    // Not before: after GOAWAY the engine sends no request that it still holds.
    if (context_.open.empty() && std::exchange(leaving_, false)) {
      nghttp2_submit_goaway(engine_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    }
    if (outbound_.flush(engine_.get(), out, high_watermark, Outbound::What::everything, now) != 0) {
      status = fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
    }
  } while (status && !context_.dirty_streams.empty() && out.size() < high_watermark);
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
  for (const std::int32_t id : std::exchange(context_.dirty_streams, {})) {
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
  interest.has_output = !finished_ && (!context_.dirty_streams.empty() || context_.credit > 0 ||
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

void ClientSession::on_frame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY) draining_ = true;
  ClientStream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS) stream->on_headers(ends_stream(frame));
  if (frame.hd.type == NGHTTP2_DATA && ends_stream(frame)) stream->on_response_end();
  if (frame.hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset();
}

// A request that was queued and may not be sent any more, after GOAWAY or its own cancellation.
void ClientSession::on_frame_not_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    on_stream_closed(frame.hd.stream_id, NGHTTP2_REFUSED_STREAM);
  }
}

void ClientSession::on_stream_closed(std::int32_t id, std::uint32_t code) {
  if (ClientStream* stream = find(id)) stream->on_closed(code);
  context_.open.erase(id);
}

}  // namespace troika::h2
