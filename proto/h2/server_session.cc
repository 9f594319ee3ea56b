#include "proto/h2/server_session.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <new>
#include <utility>

namespace troika::h2 {
namespace {

constexpr Duration kDrainRoundTrip = std::chrono::seconds(1);  // at most, for the PING to return
constexpr std::array<std::uint8_t, 8> kDrainPing{'d', 'r', 'a', 'i', 'n', 0, 0, 0};

Engine make_engine(ServerSession* session) {
  nghttp2_session* raw = nullptr;
  const Callbacks callbacks = make_server_callbacks();
  const Options options = make_options();
  if (nghttp2_session_server_new3(&raw, callbacks.get(), session, options.get(), nullptr) != 0) {
    throw std::bad_alloc();
  }
  return Engine(raw);
}

}  // namespace

ServerSession::ServerSession(Services& services, const PeerInfo& peer, SessionHost& host)
    : context_{services, peer, host, nullptr, read_response, {}},
      scanner_(services.limits),
      engine_(make_engine(this)),
      now_(services.clock.now()),
      started_(now_),
      idle_since_(now_) {
  context_.engine = engine_.get();
  submit_settings();
}

void ServerSession::submit_settings() {
  const Limits& limits = context_.services.limits;
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.header_list_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(engine_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(engine_.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits.connection_window));
}

Status ServerSession::receive(std::span<const std::byte> bytes, TimePoint now) {
  if (terminated_ || finished_) return {};
  now_ = now;
  received_ = true;
  const auto wrong = scanner_.scan(bytes);
  const nghttp2_ssize taken =
      nghttp2_session_mem_recv2(engine_.get(), octets(bytes.data()), wrong.value_or(bytes.size()));
  dead_.clear();
  context_.host.mark_dirty();
  if (taken < 0) {
    const bool flooded = taken == NGHTTP2_ERR_FLOODED;
    terminate(flooded ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR,
              AbortReason::protocol_error);
    return fail(flooded ? ErrorCode::limit : ErrorCode::protocol,
                nghttp2_strerror(static_cast<int>(taken)));
  }
  if (wrong) {  // unless the engine has found an error before it
    terminate(NGHTTP2_PROTOCOL_ERROR, AbortReason::protocol_error);
    return fail(ErrorCode::protocol, "a frame that RFC 9113 forbids");
  }
  // The engine bounds its own queue by nothing, and an answer to each frame can be had cheaply.
  if (nghttp2_session_get_outbound_queue_size(engine_.get()) >
      context_.services.limits.h2_outbound_frames) {
    terminate(NGHTTP2_ENHANCE_YOUR_CALM, AbortReason::protocol_error);
    return fail(ErrorCode::limit, "too many frames wait to be sent");
  }
  return {};
}

void ServerSession::receive_end(TimePoint now) {
  now_ = now;
  // HTTP/2 knows no half-closed connection: a client that ended its side is gone.
  abort(AbortReason::peer_gone);
}

void ServerSession::on_handshake_done(TimePoint now) {
  now_ = now;
  for (const auto& [id, stream] : streams_) stream->on_handshake_done();
}

Status ServerSession::produce(OutputQueue& out, std::size_t high, TimePoint now) {
  if (finished_) return {};
  now_ = now;
  Status status;
  // What the engine resets of its own accord goes first: no handler starts for it below.
  if (std::exchange(received_, false)) status = flush(out, high, Outbound::What::control);
  while (status) {
    if (engine_done()) retire_all(AbortReason::protocol_error);
    apply_records();
    status = flush(out, high, Outbound::What::everything);
    if (context_.noted.empty() || out.size() >= high) break;
  }
  dead_.clear();
  finished_ = !status || terminated_ || engine_done();
  return status;
}

Status ServerSession::flush(OutputQueue& out, std::size_t high, Outbound::What what) {
  if (outbound_.flush(engine_.get(), out, high, what, now_) == 0) return {};
  retire_all(AbortReason::peer_gone);
  return fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
}

void ServerSession::apply_records() {
  for (const std::int32_t id : std::exchange(context_.noted, {})) {
    if (ServerStream* stream = find(id)) stream->apply();
    retire_if_over(id);
  }
}

// GOAWAY is sent for an error, or for good, and no stream is left.
bool ServerSession::engine_done() const noexcept {
  return nghttp2_session_want_read(engine_.get()) == 0 &&
         nghttp2_session_want_write(engine_.get()) == 0;
}

void ServerSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  now_ = now;
  outbound_.written(bytes, now, [&](std::int32_t id, std::size_t body) {
    ServerStream* stream = find(id);
    if (stream == nullptr) return;
    stream->on_sent(body);
    retire_if_over(id);
  });
  dead_.clear();
}

Interest ServerSession::interest() const noexcept {
  const Limits& limits = context_.services.limits;
  Interest interest;
  interest.finished = finished_;
  interest.has_output =
      !finished_ && (!context_.noted.empty() || nghttp2_session_want_write(engine_.get()) != 0);
  // What is read now would only be answered into a queue that does not move. Streams whose last
  // bytes wait there no longer count for the engine, but they do for us.
  const bool room =
      !outbound_.high() && streams_.size() < 2 * std::size_t{limits.concurrent_streams} &&
      nghttp2_session_get_outbound_queue_size(engine_.get()) <= limits.h2_outbound_frames / 2;
  // The handshake cannot go on unread, and early data has a limit of its own.
  const bool handshaking = context_.peer.security.handshaking;
  interest.wants_read = !finished_ && !terminated_ && (room || handshaking);
  return interest;
}

TimePoint ServerSession::deadline() const noexcept {
  if (finished_) return kNever;
  TimePoint earliest = connection_deadline();
  if (drain_ == Drain::noticed) earliest = std::min(earliest, drain_since_ + kDrainRoundTrip);
  for (const auto& [id, stream] : streams_) earliest = std::min(earliest, stream->deadline());
  return earliest;
}

TimePoint ServerSession::connection_deadline() const noexcept {
  const Timeouts& timeouts = context_.services.timeouts;
  TimePoint earliest = kNever;
  if (!settings_seen_) earliest = started_ + timeouts.handshake;
  if (header_since_) earliest = std::min(earliest, *header_since_ + timeouts.header_block);
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
    const bool idle = settings_seen_ && !header_since_;
    return terminate(idle ? NGHTTP2_NO_ERROR : NGHTTP2_PROTOCOL_ERROR, AbortReason::timeout);
  }
  if (drain_ == Drain::noticed && drain_since_ + kDrainRoundTrip <= now) final_goaway();
  for (const auto& [id, stream] : streams_) stream->on_deadline(now, progress_at_);
  context_.host.mark_dirty();
}

void ServerSession::drain() {
  if (drain_ != Drain::no || terminated_ || finished_) return;
  drain_ = Drain::noticed;
  drain_since_ = context_.services.clock.now();
  nghttp2_submit_shutdown_notice(engine_.get());
  context_.host.mark_dirty();
}

// The answer to a PING that follows the notice comes after every request that the client sent
// before it saw the notice. Submitted together, the PING would overtake it.
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

void ServerSession::on_control_frame(const nghttp2_frame& frame) noexcept {
  const bool ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (frame.hd.type == NGHTTP2_SETTINGS && !ack) {
    settings_seen_ = true;
  } else if (frame.hd.type == NGHTTP2_PING && ack && drain_ == Drain::noticed &&
             std::ranges::equal(frame.ping.opaque_data, kDrainPing)) {
    final_goaway();
  }
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

ServerStream* ServerSession::find(std::int32_t id) noexcept {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void ServerSession::open_stream(std::int32_t id) {
  streams_.emplace(id, std::make_unique<ServerStream>(context_, id));
}

void ServerSession::retire_if_over(std::int32_t id) noexcept {
  const auto found = streams_.find(id);
  if (found != streams_.end() && found->second->over()) retire(found);
}

void ServerSession::retire(Streams::iterator stream) noexcept {
  stream->second->retire();
  dead_.push_back(std::move(stream->second));
  streams_.erase(stream);
  if (streams_.empty()) idle_since_ = now_;
}

void ServerSession::retire_all(AbortReason reason) noexcept {
  for (auto& [id, stream] : streams_) {
    stream->abort(reason);
    dead_.push_back(std::move(stream));
  }
  streams_.clear();
}

std::unique_ptr<ByteSession> make_session(Services& services, const PeerInfo& peer,
                                          SessionHost& host) {
  return std::make_unique<ServerSession>(services, peer, host);
}

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
    } else if (ServerStream* stream = self.find(frame->hd.stream_id)) {
      stream->on_trailers_begin();
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) noexcept {
    if (ServerStream* stream = of(user).find(frame->hd.stream_id)) {
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
    ServerStream* stream = self.find(frame->hd.stream_id);
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
    if (ServerStream* stream = self.find(frame->hd.stream_id)) stream->on_invalid();
    return 0;
  }

  static int on_data(nghttp2_session* engine, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user) noexcept {
    if (ServerStream* stream = of(user).find(id)) {
      stream->on_data(bytes_of(data, size));
    } else {
      nghttp2_session_consume_connection(engine, size);
    }
    return 0;
  }

  static nghttp2_ssize read(std::int32_t id, std::size_t length, std::uint32_t* flags,
                            void* user) noexcept {
    ServerStream* stream = of(user).find(id);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;
    return stream->read(length, flags);
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header,
                       std::size_t length, nghttp2_data_source*, void* user) noexcept {
    ServerSession& self = of(user);
    if (!self.outbound_.takes_data()) return NGHTTP2_ERR_WOULDBLOCK;
    ServerStream* stream = self.find(frame->hd.stream_id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    self.outbound_.data_frame(frame->hd.stream_id, header, stream->take_pending(length));
    return 0;
  }

  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    if (frame->hd.type == NGHTTP2_GOAWAY) of(user).on_goaway_sent();
    const bool has_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!has_end || !ends_stream(*frame)) return 0;
    if (ServerStream* stream = of(user).find(frame->hd.stream_id)) stream->on_end_sent();
    return 0;
  }

  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int,
                               void* user) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (ServerStream* stream = of(user).find(frame->hd.stream_id)) stream->on_head_not_sent();
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t,
                             void* user) noexcept {
    ServerSession& self = of(user);
    if (ServerStream* stream = self.find(id)) stream->on_closed();
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
