#include "proto/h2/client_session.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "proto/h2/callbacks.h"

namespace troika::h2 {

ClientSession::ClientSession(const CallServices& services, SessionHost& host)
    : services_(services),
      context_{
          .host = host, .clock = services.clock, .limits = services.limits, .read = read_request} {
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
  const Limits& limits = services_.limits;
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.call_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.response_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(engine_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(
      engine_.get(), NGHTTP2_FLAG_NONE, 0,
      static_cast<std::int32_t>(limits.call_window * limits.concurrent_streams));
}

nghttp2_ssize ClientSession::read_request(nghttp2_session*, std::int32_t id, std::uint8_t*,
                                          std::size_t length, std::uint32_t* flags,
                                          nghttp2_data_source*, void* user) noexcept {
  ClientStream* stream = static_cast<ClientSession*>(user)->find(id);
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;
  return stream->read(length, flags);
}

Result<CallHandle> ClientSession::start(Request request, std::unique_ptr<BodySource> body,
                                        Receiver& receiver, const CallTimeouts& timeouts) {
  if (terminated_ || finished_) return fail(ErrorCode::closed, "the connection has ended");
  if (draining_) return fail(ErrorCode::unavailable, "the connection takes no new requests");
  if (full()) {
    return fail(ErrorCode::unavailable, "as many requests are in flight as the server allows");
  }
  if (!request.protocol.empty() &&
      nghttp2_session_get_remote_settings(engine_.get(),
                                          NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) != 1) {
    return fail(ErrorCode::denied, "the server takes no tunnels");
  }
  auto stream = std::make_unique<ClientStream>(context_, services_, std::move(request),
                                               std::move(body), receiver, timeouts);
  const auto id = stream->submit();
  if (!id) return std::unexpected(id.error());
  ++open_;
  CallHandle handle(&stream->call());
  streams_.emplace(*id, std::move(stream));
  return handle;
}

// As many as the server allows, and as the connection's window has room for.
bool ClientSession::full() const noexcept {
  const std::uint32_t allowed =
      nghttp2_session_get_remote_settings(engine_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return open_ >= std::min(allowed, services_.limits.concurrent_streams);
}

Status ClientSession::receive(std::span<const std::byte> bytes, TimePoint) {
  if (terminated_ || finished_) return {};
  const nghttp2_ssize taken =
      nghttp2_session_mem_recv2(engine_.get(), octets(bytes.data()), bytes.size());
  dead_.clear();
  context_.host.mark_dirty();
  if (taken >= 0) return {};
  terminated_ = true;
  lose_all(AbortReason::protocol_error);
  nghttp2_session_terminate_session(engine_.get(), NGHTTP2_PROTOCOL_ERROR);
  return fail(ErrorCode::protocol, nghttp2_strerror(static_cast<int>(taken)));
}

void ClientSession::receive_end(TimePoint) { abort(AbortReason::peer_gone); }

Status ClientSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  Status status;
  do {
    apply_records();
    if (finished_) break;
    // Not before: after GOAWAY the engine sends no request that it still holds.
    if (open_ == 0 && std::exchange(leaving_, false)) {
      nghttp2_submit_goaway(engine_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    }
    if (outbound_.flush(engine_.get(), out, high_watermark, Outbound::What::everything, now) != 0) {
      status = fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
    }
  } while (status && !context_.dirty_streams.empty() && out.size() < high_watermark);
  if (!finished_ && (!status || engine_done())) {
    lose_all(terminated_ ? AbortReason::protocol_error : AbortReason::peer_gone);
    finished_ = true;
  }
  finished_ = finished_ || terminated_;
  dead_.clear();
  return status;
}

void ClientSession::apply_records() {
  for (const std::int32_t id : std::exchange(context_.dirty_streams, {})) {
    if (ClientStream* stream = find(id)) stream->apply();
    retire_if_over(id);
  }
}

bool ClientSession::engine_done() const noexcept {
  return nghttp2_session_want_read(engine_.get()) == 0 &&
         nghttp2_session_want_write(engine_.get()) == 0;
}

void ClientSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  outbound_.written(
      bytes, now,
      [&](std::int32_t id, std::size_t content) {
        if (ClientStream* stream = find(id)) stream->on_sent(content);
        retire_if_over(id);
      },
      [&](std::int32_t id) {
        if (ClientStream* stream = find(id)) stream->on_head_written();
      });
  dead_.clear();
}

Interest ClientSession::interest() const noexcept {
  Interest interest;
  interest.finished = finished_;
  interest.wants_read = !finished_ && !terminated_;
  interest.has_output =
      !finished_ && (!context_.dirty_streams.empty() || (leaving_ && open_ == 0) ||
                     nghttp2_session_want_write(engine_.get()) != 0);
  return interest;
}

TimePoint ClientSession::deadline() const noexcept {
  TimePoint earliest = kNever;
  if (finished_) return earliest;
  for (const auto& [id, stream] : streams_) earliest = std::min(earliest, stream->deadline());
  return earliest;
}

void ClientSession::on_deadline(TimePoint now) {
  if (finished_) return;
  for (const auto& [id, stream] : streams_) stream->on_deadline(now, progress_at_);
  context_.host.mark_dirty();
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
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void ClientSession::retire_if_over(std::int32_t id) noexcept {
  const auto stream = streams_.find(id);
  if (stream == streams_.end() || !stream->second->retire()) return;
  dead_.push_back(std::move(stream->second));
  streams_.erase(stream);
}

// Those whose user still holds them stay, for what the user has not read.
void ClientSession::lose_all(AbortReason reason) noexcept {
  for (const auto& [id, stream] : streams_) {
    stream->abort(reason);
    stream->retire();
    stream->mark_dirty();
  }
  open_ = 0;
}

std::unique_ptr<ClientByteSession> make_client_session(const CallServices& services,
                                                       SessionHost& host) {
  return std::make_unique<ClientSession>(services, host);
}

void ClientSession::on_frame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY) draining_ = true;
  ClientStream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS) stream->on_headers(ends_stream(frame));
  if (frame.hd.type == NGHTTP2_DATA && ends_stream(frame)) stream->on_peer_end();
  if (frame.hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset(frame.rst_stream.error_code);
}

void ClientSession::on_frame_sent(const nghttp2_frame& frame) noexcept {
  const bool head = frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  if (head) outbound_.head_framed(frame.hd.stream_id);
  if (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS) return;
  ClientStream* stream = ends_stream(frame) ? find(frame.hd.stream_id) : nullptr;
  if (stream != nullptr) stream->on_end_framed();
}

// A request that was queued and may not be sent any more, after GOAWAY or its own cancellation.
void ClientSession::on_frame_not_sent(const nghttp2_frame& frame) noexcept {
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    on_stream_closed(frame.hd.stream_id, NGHTTP2_REFUSED_STREAM);
  }
}

void ClientSession::on_stream_closed(std::int32_t id, std::uint32_t code) noexcept {
  ClientStream* const stream = find(id);
  if (stream == nullptr || stream->closed()) return;
  --open_;
  stream->on_closed(code);
  stream->mark_dirty();
}

}  // namespace troika::h2
