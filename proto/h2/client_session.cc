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
          .host = host, .clock = services.clock, .limits = services.limits, .read = read_request},
      memory_(host.account(), services.pool.blocks()),
      idle_since_(services.clock.now()) {
  nghttp2_session* raw = nullptr;
  const Callbacks callbacks = SessionCallbacks<ClientSession>::make();
  const Options options = make_options();
  auto memory = memory_.table<nghttp2_mem>();
  if (nghttp2_session_client_new3(&raw, callbacks.get(), this, options.get(), &memory) != 0) {
    throw std::bad_alloc();
  }
  engine_.reset(raw);
  context_.engine = engine_.get();
  submit_settings();
}

// A window for each request, so that responses that are not read hold up no other. Twice, because
// the engine announces what was read only when it is half of the connection's window.
constexpr std::size_t kWindows = 2;

std::size_t ClientSession::most_requests() const noexcept {
  constexpr std::size_t kLargest = NGHTTP2_MAX_WINDOW_SIZE;  // RFC 9113 §6.9.1
  const Limits& limits = services_.limits;
  return std::min<std::size_t>(limits.concurrent_streams,
                               kLargest / (kWindows * limits.call_window));
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
      static_cast<std::int32_t>(kWindows * limits.call_window * most_requests()));
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
  if (phase_ >= Phase::terminated) return fail(ErrorCode::closed, "the connection has ended");
  if (draining()) return fail(ErrorCode::unavailable, "the connection takes no new requests");
  if (full()) {
    return fail(ErrorCode::unavailable, "as many requests are in flight as the server allows");
  }
  if (auto sendable = check(request); !sendable) return std::unexpected(sendable.error());
  if (!request.protocol.empty() && !settings_seen_) {
    return fail(ErrorCode::unavailable, "the server has not said yet whether it takes tunnels");
  }
  if (!request.protocol.empty() &&
      nghttp2_session_get_remote_settings(engine_.get(),
                                          NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) != 1) {
    return fail(ErrorCode::denied, "the server takes no tunnels");
  }
  auto stream = std::make_unique<ClientStream>(context_, services_, std::move(request),
                                               std::move(body), receiver, timeouts);
  CallHandle handle(&stream->call());
  const auto id = stream->submit();
  if (!id) return std::unexpected(id.error());
  if (open_++ == 0) heard_at_ = services_.clock.now();
  streams_.add(std::move(stream));
  return handle;
}

std::size_t ClientSession::free() const noexcept {
  if (draining()) return 0;
  const std::size_t allowed =
      nghttp2_session_get_remote_settings(engine_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  const std::size_t most = std::min(allowed, most_requests());
  return most - std::min(most, open_);
}

// The engine knows of the peer's GOAWAY, and of the last id that a stream can have.
bool ClientSession::draining() const noexcept {
  return phase_ != Phase::open || nghttp2_session_check_request_allowed(engine_.get()) == 0;
}

Status ClientSession::receive(std::span<const std::byte> bytes, TimePoint now) {
  if (phase_ >= Phase::terminated) return {};
  heard_at_ = now;
  pinged_at_.reset();
  const nghttp2_ssize taken =
      nghttp2_session_mem_recv2(engine_.get(), octets(bytes.data()), bytes.size());
  dead_.clear();
  context_.host.mark_dirty();
  if (memory_.failed()) {
    abort(AbortReason::shutdown);
    return fail(ErrorCode::internal, "the HTTP/2 engine has no memory");
  }
  const bool overflowed = initial_window_.overflowed();
  if (taken >= 0 && !overflowed) return {};
  end(Phase::terminated, AbortReason::protocol_error);
  nghttp2_session_terminate_session(
      engine_.get(), overflowed ? NGHTTP2_FLOW_CONTROL_ERROR : NGHTTP2_PROTOCOL_ERROR);
  return fail(ErrorCode::protocol,
              overflowed ? kWindowOverflow : nghttp2_strerror(static_cast<int>(taken)));
}

void ClientSession::receive_end(TimePoint) { abort(AbortReason::peer_gone); }

Status ClientSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  Status status;
  do {
    apply_records();
    if (over()) break;
    // Not before: after GOAWAY the engine sends no request that it still holds.
    if (open_ == 0 && phase_ == Phase::leaving) {
      phase_ = Phase::left;
      nghttp2_submit_goaway(engine_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    }
    const int result =
        outbound_.flush(engine_.get(), out, high_watermark, Outbound::What::everything, now);
    if (result != 0 || memory_.failed()) {
      status = fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
    }
  } while (status && !context_.dirty.empty() && out.size() < high_watermark);
  if (!over() && (phase_ == Phase::terminated || !status || engine_done())) {
    end(Phase::finished, AbortReason::peer_gone);
  }
  dead_.clear();
  return status;
}

void ClientSession::apply_records() {
  context_.dirty.run([this](Stream& stream) {
    stream.apply();
    retire_if_over(static_cast<ClientStream&>(stream));
    return false;
  });
}

bool ClientSession::engine_done() const noexcept {
  return nghttp2_session_want_read(engine_.get()) == 0 &&
         nghttp2_session_want_write(engine_.get()) == 0;
}

void ClientSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  outbound_.written(
      bytes, now,
      [&](Stream* stream, std::size_t content) {
        stream->on_sent(content);
        retire_if_over(static_cast<ClientStream&>(*stream));
      },
      [](Stream* stream) { stream->on_head_written(); });
  dead_.clear();
}

Interest ClientSession::interest() const noexcept {
  Interest interest;
  interest.finished = over();
  interest.broken = phase_ == Phase::lost;
  interest.wants_read = phase_ < Phase::terminated;
  interest.has_output =
      !over() && (!context_.dirty.empty() || (phase_ == Phase::leaving && open_ == 0) ||
                  nghttp2_session_want_write(engine_.get()) != 0);
  return interest;
}

TimePoint ClientSession::deadline() const noexcept {
  if (over()) return kNever;
  TimePoint earliest = connection_deadline();
  for (const auto& stream : streams_) earliest = std::min(earliest, stream->deadline());
  return earliest;
}

// An upload that moves puts off the end: the PING waits behind it.
TimePoint ClientSession::connection_deadline() const noexcept {
  const ClientTimes& times = services_.times;
  if (open_ == 0) return phase_ == Phase::open ? idle_since_ + times.idle : kNever;
  if (pinged_at_) return std::max(*pinged_at_, progress_at_) + times.pong;
  return heard_at_ + times.ping;
}

void ClientSession::on_deadline(TimePoint now) {
  if (over()) return;
  if (connection_deadline() <= now) on_silence(now);
  for (const auto& stream : streams_) stream->on_deadline(now, progress_at_);
  context_.host.mark_dirty();
}

void ClientSession::on_silence(TimePoint now) {
  if (open_ == 0) return drain();
  if (pinged_at_) return end(Phase::lost, AbortReason::timeout);
  pinged_at_ = now;
  nghttp2_submit_ping(engine_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void ClientSession::drain() {
  phase_ = std::max(phase_, Phase::leaving);
  context_.host.mark_dirty();
}

void ClientSession::abort(AbortReason reason) noexcept { end(Phase::finished, reason); }

ClientStream* ClientSession::find_unopened(std::int32_t id) noexcept {
  const auto found = std::ranges::find(streams_, id, [](const auto& each) { return each->id(); });
  return found == streams_.end() ? nullptr : found->get();
}

void ClientSession::retire_if_over(ClientStream& stream) noexcept {
  if (!stream.retire()) return;
  if (stream.in_queue()) outbound_.forget(stream);
  dead_.push_back(streams_.take(stream));
}

// Those whose user still holds them stay, for what the user has not read.
void ClientSession::end(Phase phase, AbortReason reason) noexcept {
  phase_ = std::max(phase_, phase);
  for (const auto& stream : streams_) {
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
  const bool ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (frame.hd.type == NGHTTP2_SETTINGS && !ack) {
    settings_seen_ = true;
    initial_window_.after(frame.settings);
  }
  ClientStream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS) stream->on_headers(ends_stream(frame));
  if (frame.hd.type == NGHTTP2_DATA && ends_stream(frame)) stream->on_peer_end();
  if (frame.hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset(frame.rst_stream.error_code);
}

void ClientSession::on_frame_sent(const nghttp2_frame& frame) noexcept {
  const bool head = frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  if (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS) return;
  ClientStream* const stream = find(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (head) {
    stream->on_head_framed();
    outbound_.head_framed(*stream);
  }
  if (ends_stream(frame)) stream->on_end_framed();
}

// A request that was queued may not be sent any more, after GOAWAY or its own cancellation; or the
// engine cannot send it, nor trailers, at all.
void ClientSession::on_frame_not_sent(const nghttp2_frame& frame, int error) noexcept {
  if (frame.hd.type != NGHTTP2_HEADERS) return;
  ClientStream* const stream = find_unopened(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return stream->on_head_not_sent();
  const bool refused = error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED ||
                       error == NGHTTP2_ERR_STREAM_CLOSING || error == NGHTTP2_ERR_STREAM_CLOSED;
  if (!refused) stream->call().on_peer_abort(AbortReason::handler_failed);
  on_closed(*stream, NGHTTP2_REFUSED_STREAM);
}

void ClientSession::on_stream_closed(std::int32_t id, std::uint32_t code) noexcept {
  if (ClientStream* const stream = find_unopened(id)) on_closed(*stream, code);
}

void ClientSession::on_closed(ClientStream& stream, std::uint32_t code) noexcept {
  if (stream.closed()) return;
  if (--open_ == 0) idle_since_ = services_.clock.now();
  stream.on_closed(code);
  stream.mark_dirty();
}

}  // namespace troika::h2
