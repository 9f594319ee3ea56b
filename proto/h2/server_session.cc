#include "proto/h2/server_session.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "proto/h2/callbacks.h"

namespace troika::h2 {
namespace {

constexpr Duration kDrainRoundTrip = std::chrono::seconds(1);  // at most, for the PING to return
constexpr std::array<std::uint8_t, 8> kDrainPing{'d', 'r', 'a', 'i', 'n', 0, 0, 0};

}  // namespace

ServerSession::ServerSession(Services& services, const PeerInfo& peer, SessionHost& host)
    : services_(services),
      peer_(peer),
      context_{.host = host,
               .clock = services.clock,
               .limits = services.limits,
               .linger = services.timeouts.linger,
               .read = read_response},
      scanner_(services.limits),
      inbound_(host.account()),
      memory_(host.account(), services.pool.blocks()),
      conduct_(services.limits, services.misconduct),
      now_(services.clock.now()),
      started_(now_),
      idle_since_(now_) {
  make_engine();
  context_.engine = engine_.get();
  context_.conduct = &conduct_;
  if (engine_ != nullptr) {
    submit_settings();
  } else {
    terminated_ = finished_ = true;
    host.mark_dirty();
  }
}

void ServerSession::make_engine() {
  const Callbacks callbacks = SessionCallbacks<ServerSession>::make();
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
      callbacks.get(), [](nghttp2_session*, const nghttp2_frame* frame, int, void* user) noexcept {
        static_cast<ServerSession*>(user)->on_invalid_frame(*frame);
        return 0;
      });
  nghttp2_session* raw = nullptr;
  const Options options = make_options();
  auto memory = memory_.table<nghttp2_mem>();
  // Null: there is no memory.
  if (nghttp2_session_server_new3(&raw, callbacks.get(), this, options.get(), &memory) == 0) {
    engine_.reset(raw);
  }
}

nghttp2_ssize ServerSession::read_response(nghttp2_session*, std::int32_t id, std::uint8_t*,
                                           std::size_t length, std::uint32_t* flags,
                                           nghttp2_data_source*, void* user) noexcept {
  ServerStream* stream = static_cast<ServerSession*>(user)->find(id);
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;
  return stream->read(length, flags);
}

void ServerSession::submit_settings() {
  const Limits& limits = services_.limits;
  const std::array<nghttp2_settings_entry, 5> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.header_list_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},  // last: only where a handler tunnels
  }};
  const std::size_t count =
      settings.size() - (services_.snapshot->handler().takes_tunnels() ? 0U : 1U);
  nghttp2_submit_settings(engine_.get(), NGHTTP2_FLAG_NONE, settings.data(), count);
  nghttp2_session_set_local_window_size(engine_.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits.connection_window));
}

Status ServerSession::receive(std::span<const std::byte> bytes, TimePoint now) {
  if (terminated_ || finished_ || wrong_) return {};
  now_ = now;
  received_ = true;
  wrong_ = scanner_.scan(bytes, now);
  const auto right = bytes.first(wrong_ ? wrong_->at : bytes.size());
  return check_input(inbound_.feed(engine_.get(), right));
}

// `result`: of what the engine was given.
Status ServerSession::check_input(int result) {
  dead_.clear();
  context_.host.mark_dirty();
  if (memory_.failed()) {
    abort(AbortReason::shutdown);
    return fail(ErrorCode::internal, "the HTTP/2 engine has no memory");
  }
  if (result < 0) {
    const bool flooded = result == NGHTTP2_ERR_FLOODED;
    terminate(flooded ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR,
              AbortReason::protocol_error);
    return fail(flooded ? ErrorCode::limit : ErrorCode::protocol, nghttp2_strerror(result));
  }
  if (initial_window_.overflowed()) {
    terminate(NGHTTP2_FLOW_CONTROL_ERROR, AbortReason::protocol_error);
    return fail(ErrorCode::protocol, kWindowOverflow);
  }
  if (wrong_ && !inbound_.paused()) {  // unless the engine has found an error before it
    terminate(wrong_->code, AbortReason::protocol_error);
    return std::unexpected(wrong_->why());
  }
  // The engine does not limit its own queue, and a peer can cause a reply with each frame.
  if (nghttp2_session_get_outbound_queue_size(engine_.get()) >
      services_.limits.h2_outbound_frames) {
    terminate(NGHTTP2_ENHANCE_YOUR_CALM, AbortReason::protocol_error);
    return fail(ErrorCode::limit, "too many frames wait to be sent");
  }
  const auto [glitches, follow_ups] = scanner_.take_counts();
  conduct_.glitches(glitches, now_);
  conduct_.follow_ups(follow_ups, now_);
  return judge();
}

// What the client has done wrong so far.
Status ServerSession::judge() {
  if (conduct_.verdict() == Conduct::Verdict::leave) drain();
  if (conduct_.verdict() != Conduct::Verdict::end || terminated_) return {};
  terminate(NGHTTP2_ENHANCE_YOUR_CALM, AbortReason::protocol_error);
  return fail(ErrorCode::limit, "the client did too much wrong");
}

void ServerSession::receive_end(TimePoint now) {
  now_ = now;
  // HTTP/2 has no half-closed connections: a client that ended its side is gone.
  abort(AbortReason::peer_gone);
}

void ServerSession::on_handshake_done(TimePoint now) {
  now_ = now;
  for (const auto& stream : streams_) stream->mark_dirty();
}

Status ServerSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  if (finished_) return {};
  now_ = now;
  Status status;
  while (status) {
    // Streams that the engine resets by itself come first, so that no handler starts for them.
    if (std::exchange(received_, false) &&
        !(status = flush(out, high_watermark, Outbound::What::control))) {
      break;
    }
    std::ignore = judge();  // with the resets that were sent
    if (engine_done()) retire_all(AbortReason::protocol_error);
    apply_records();
    if (read_on()) continue;
    status = flush(out, high_watermark, Outbound::What::everything);
    if (context_.dirty.empty() || out.size() >= high_watermark) break;
  }
  dead_.clear();
  finished_ = !status || terminated_ || engine_done();
  return status;
}

Status ServerSession::flush(OutputQueue& out, std::size_t high_watermark, Outbound::What what) {
  const int result = outbound_.flush(engine_.get(), out, high_watermark, what, now_);
  if (result == 0 && !memory_.failed()) return {};
  retire_all(AbortReason::peer_gone);
  return fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
}

// True: the engine has read more. An error shows in what it sends.
bool ServerSession::read_on() {
  if (terminated_ || finished_ || !inbound_.paused()) return false;
  std::ignore = check_input(inbound_.go_on(engine_.get()));
  received_ = true;
  return !finished_;
}

void ServerSession::apply_records() {
  context_.dirty.run([this](Stream& stream) {
    stream.apply();
    retire_if_over(static_cast<ServerStream&>(stream));
    return false;
  });
  inbound_.on_started();
}

// GOAWAY was sent, for an error or to drain, and no stream is left.
bool ServerSession::engine_done() const noexcept {
  return nghttp2_session_want_read(engine_.get()) == 0 &&
         nghttp2_session_want_write(engine_.get()) == 0;
}

void ServerSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  now_ = now;
  outbound_.written(
      bytes, now,
      [&](Stream* stream, std::size_t body) {
        stream->on_sent(body);
        retire_if_over(static_cast<ServerStream&>(*stream));
      },
      [](Stream*) {});
  dead_.clear();
}

Interest ServerSession::interest() const noexcept {
  Interest interest;
  interest.finished = finished_;
  interest.wants_read = false;
  if (finished_) return interest;
  const Limits& limits = services_.limits;
  interest.has_output = !context_.dirty.empty() || nghttp2_session_want_write(engine_.get()) != 0;
  // Responses to what is read now would only wait in a queue that does not move. Streams whose last
  // bytes wait there no longer count for the engine, but they do for us.
  const bool room =
      !outbound_.full() && streams_.size() < 2 * std::size_t{limits.concurrent_streams} &&
      nghttp2_session_get_outbound_queue_size(engine_.get()) <= limits.h2_outbound_frames / 2;
  // The handshake cannot go on unread, and early data has a limit of its own.
  const bool handshaking = peer_.security.handshaking;
  interest.wants_read = !terminated_ && (room || handshaking);
  return interest;
}

TimePoint ServerSession::deadline() const noexcept {
  if (finished_) return kNever;
  TimePoint earliest = connection_deadline();
  if (drain_ == Drain::noticed) earliest = std::min(earliest, drain_since_ + kDrainRoundTrip);
  for (const auto& stream : streams_) earliest = std::min(earliest, stream->deadline());
  return earliest;
}

TimePoint ServerSession::connection_deadline() const noexcept {
  const Timeouts& timeouts = services_.timeouts;
  TimePoint earliest = kNever;
  if (!settings_seen_) earliest = started_ + timeouts.handshake;
  if (const auto since = scanner_.section_since()) {
    earliest = std::min(earliest, *since + timeouts.header_block);
  }
  if (streams_.empty()) earliest = std::min(earliest, idle_since_ + timeouts.idle_tcp);
  if (outbound_.queued() > 0) {
    const TimePoint moved = std::max(outbound_.last_moved(), progress_at_);
    earliest = std::min(earliest, moved + timeouts.idle_tcp);
  }
  return earliest;
}

void ServerSession::on_deadline(TimePoint now) {
  if (finished_) return;
  now_ = now;
  if (connection_deadline() <= now) {
    const bool idle = settings_seen_ && !scanner_.section_since();
    return terminate(idle ? NGHTTP2_NO_ERROR : NGHTTP2_PROTOCOL_ERROR, AbortReason::timeout);
  }
  if (drain_ == Drain::noticed && drain_since_ + kDrainRoundTrip <= now) final_goaway();
  for (const auto& stream : streams_) stream->on_deadline(now, progress_at_);
  context_.host.mark_dirty();
}

void ServerSession::drain() {
  if (drain_ != Drain::no || terminated_ || finished_) return;
  drain_ = Drain::noticed;
  drain_since_ = services_.clock.now();
  nghttp2_submit_shutdown_notice(engine_.get());
  context_.host.mark_dirty();
}

// The PING follows the notice, so its acknowledgement comes after every request that the client
// sent before it saw the notice. Submitted together with it, the PING would overtake the notice.
void ServerSession::on_goaway_sent() noexcept {
  if (drain_ != Drain::noticed) return;
  nghttp2_submit_ping(engine_.get(), NGHTTP2_FLAG_NONE, kDrainPing.data());
}

void ServerSession::final_goaway() noexcept {
  drain_ = Drain::final;
  nghttp2_submit_goaway(engine_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(engine_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void ServerSession::abort(AbortReason reason) noexcept {
  retire_all(reason);
  terminated_ = finished_ = true;
}

// The GOAWAY is sent by the next produce(), which is the last.
void ServerSession::terminate(std::uint32_t code, AbortReason reason) noexcept {
  terminated_ = true;
  retire_all(reason);
  nghttp2_session_terminate_session(engine_.get(), code);
  context_.host.mark_dirty();
}

void ServerSession::retire_if_over(ServerStream& stream) noexcept {
  if (!stream.retire()) return;
  if (stream.in_queue()) outbound_.forget(stream);
  dead_.push_back(streams_.take(stream));
  if (streams_.empty()) idle_since_ = now_;
}

void ServerSession::retire_all(AbortReason reason) noexcept {
  while (!streams_.empty()) {
    ServerStream& stream = **(streams_.end() - 1);
    stream.abort(reason);
    stream.retire();
    dead_.push_back(streams_.take(stream));
  }
  outbound_.forget_all();
}

std::unique_ptr<ByteSession> make_session(Services& services, const PeerInfo& peer,
                                          SessionHost& host) {
  return std::make_unique<ServerSession>(services, peer, host);
}

void ServerSession::on_headers_begin(const nghttp2_frame& frame) {
  const std::int32_t id = frame.hd.stream_id;
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return;
  if (context_.host.account().held() > services_.limits.connection_memory) {
    ++services_.misconduct.over_memory;
    nghttp2_submit_rst_stream(engine_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  ServerStream& stream =
      streams_.add(std::make_unique<ServerStream>(context_, services_, peer_, id));
  nghttp2_session_set_stream_user_data(engine_.get(), id, &stream);
}

void ServerSession::on_frame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_SETTINGS || frame.hd.type == NGHTTP2_PING) {
    return on_control_frame(frame);
  }
  ServerStream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS) {
    stream->on_headers(ends_stream(frame));
    const bool is_head = frame.headers.cat == NGHTTP2_HCAT_REQUEST;
    if (is_head) conduct_.refused(stream->rejected(), now_);
  }
  if (frame.hd.type == NGHTTP2_DATA && ends_stream(frame)) stream->on_peer_end();
  if (frame.hd.type == NGHTTP2_RST_STREAM) stream->on_peer_reset(frame.rst_stream.error_code);
}

void ServerSession::on_control_frame(const nghttp2_frame& frame) noexcept {
  const bool ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (frame.hd.type == NGHTTP2_SETTINGS && !ack) {
    settings_seen_ = true;
    initial_window_.after(frame.settings);
  } else if (frame.hd.type == NGHTTP2_PING && ack && drain_ == Drain::noticed &&
             std::ranges::equal(frame.ping.opaque_data, kDrainPing)) {
    final_goaway();
  }
}

void ServerSession::on_invalid_frame(const nghttp2_frame& frame) noexcept {
  // The reset waits in the engine's queue; the work must not.
  if (ServerStream* stream = find(frame.hd.stream_id)) stream->on_invalid();
}

void ServerSession::on_frame_sent(const nghttp2_frame& frame) noexcept {
  if (frame.hd.type == NGHTTP2_GOAWAY) on_goaway_sent();
  if (frame.hd.type == NGHTTP2_RST_STREAM) on_reset_sent(frame.rst_stream.error_code);
  const bool is_head = frame.hd.type == NGHTTP2_HEADERS;
  if (!is_head && frame.hd.type != NGHTTP2_DATA) return;
  conduct_.sent(is_head ? 0 : frame.hd.length, is_head || ends_stream(frame));
  if (!ends_stream(frame)) return;
  if (ServerStream* stream = find(frame.hd.stream_id)) stream->on_end_framed();
}

// Most are nghttp2's own: this is the one place that sees all of them. Of those that are not the
// client's fault, REFUSED_STREAM is for one that never acknowledges our SETTINGS.
void ServerSession::on_reset_sent(std::uint32_t code) noexcept {
  switch (code) {
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_STREAM_CLOSED:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_ENHANCE_YOUR_CALM: return conduct_.fault(now_);
    case NGHTTP2_REFUSED_STREAM: return conduct_.glitches(1, now_);
    default: return;
  }
}

void ServerSession::on_frame_not_sent(const nghttp2_frame& frame, int) noexcept {
  if (frame.hd.type != NGHTTP2_HEADERS) return;
  if (ServerStream* stream = find(frame.hd.stream_id)) stream->on_head_not_sent();
}

void ServerSession::on_stream_closed(std::int32_t id, std::uint32_t code) noexcept {
  ServerStream* const stream = find(id);
  if (stream == nullptr) return;
  stream->on_closed(code);
  retire_if_over(*stream);
}

}  // namespace troika::h2
