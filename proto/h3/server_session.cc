#include "proto/h3/server_session.h"

#include <algorithm>
#include <utility>

namespace troika::h3 {
namespace {

constexpr Duration kDrainNotice = std::chrono::seconds(1);

bool is_request(quic::StreamId id) noexcept {
  return quic::is_bidi(id) && quic::is_client_initiated(id);
}

// RFC 9114 §8: unknown codes are equivalent to H3_NO_ERROR.
bool is_error(quic::AppError code) noexcept {
  return (code > NGHTTP3_H3_NO_ERROR && code <= NGHTTP3_H3_VERSION_FALLBACK) ||
         (code >= NGHTTP3_QPACK_DECOMPRESSION_FAILED && code <= NGHTTP3_QPACK_DECODER_STREAM_ERROR);
}

}  // namespace

std::unique_ptr<quic::QuicApplication> make_session(Services& services, quic::QuicStreams& quic) {
  return std::make_unique<ServerSession>(services, quic);
}

ServerSession::ServerSession(Services& services, quic::QuicStreams& quic)
    : quic_(quic),
      services_(services),
      engine_(Engine::Side::server, quic, services.limits, services.pool.blocks(), *this),
      conduct_(services.limits, services.misconduct),
      context_{{.engine = engine_,
                .clock = services.clock,
                .limits = services.limits,
                .linger = services.timeouts.linger},
               services,
               peer_,
               conduct_},
      idle_since_(services.clock.now()) {}

Status ServerSession::on_ready() {
  auto opened = engine_.open();
  if (opened && drain_ != Drain::no) engine_.submit_shutdown_notice();
  return opened;
}

Status ServerSession::on_handshake_done(TimePoint) {
  know_peer();
  for (const auto& stream : streams_) stream->mark_dirty();
  return engine_.status();
}

void ServerSession::know_peer() {
  peer_known_ = true;
  peer_.remote = quic_.remote();
  peer_.local = quic_.local();
  peer_.security = quic_.security();
}

ServerStream& ServerSession::open_request(quic::StreamId id, bool early, TimePoint now) {
  if (!peer_known_) know_peer();
  if (ServerStream* const stream = request(id)) return *stream;
  idle_since_ = now;
  const bool has_room = memory_left();
  ServerStream& stream = streams_.add(std::make_unique<ServerStream>(context_, id, early, now));
  if (!has_room) {
    ++services_.misconduct.over_memory;
    stream.refuse();
  }
  return stream;
}

bool ServerSession::memory_left() const noexcept {
  const Limits& limits = services_.limits;
  return quic_.account().held() <= limits.connection_memory + limits.retained_bytes;
}

Status ServerSession::on_data(quic::StreamId id, std::span<const std::byte> bytes, bool fin,
                              bool early, TimePoint now) {
  if (lost_) return engine_.status();
  if (!is_request(id)) return judge(read_uni(id, bytes, fin, now));
  ServerStream& stream = open_request(id, early, now);
  if (!stream.on_arrival(bytes.size(), fin)) return judge(engine_.status());
  Status read;
  do {
    const std::size_t piece = stream.scan(bytes);
    const bool ends = fin && piece == bytes.size();
    const auto end = ends ? stream.judge_fin() : ServerStream::Fin::allowed;
    read = engine_.read(id, bytes.first(piece), ends && end == ServerStream::Fin::allowed, now);
    bytes = bytes.subspan(piece);
    if (read && stream.drops_fields()) {
      read = engine_.fail_with(NGHTTP3_H3_MESSAGE_ERROR, "fields that are not valid");
    } else if (read && end == ServerStream::Fin::in_frame) {
      read = engine_.fail_with(NGHTTP3_H3_FRAME_ERROR, "a stream that ends within a frame");
    } else if (end == ServerStream::Fin::no_request) {
      stream.end_without_request();
    }
  } while (read && !bytes.empty());
  return judge(std::move(read));
}

Status ServerSession::judge(Status status) {
  if (!status || conduct_.verdict() == Conduct::Verdict::fine) return status;
  drain();
  if (conduct_.verdict() == Conduct::Verdict::leave) return status;
  return engine_.fail_with(NGHTTP3_H3_EXCESSIVE_LOAD, "the client did too much wrong");
}

// Bytes before a fault that we have found are for nghttp3, which may find another one in them.
Status ServerSession::read_uni(quic::StreamId id, std::span<const std::byte> bytes, bool fin,
                               TimePoint now) {
  const auto [good, fault] = control_.scan(id, bytes);
  conduct_.glitches(control_.take_frames(), now);
  if (!fault) return engine_.read(id, bytes, fin, now);
  auto read = engine_.read(id, bytes.first(good), false, now);
  return read ? engine_.fail_with(*fault, "a frame of the control stream is wrong") : read;
}

Status ServerSession::on_acked(quic::StreamId id, std::uint64_t bytes) {
  if (id == engine_.control_stream()) {
    control_acked_ += bytes;
    if (drain_ == Drain::noticed && notice_end_ > 0 && control_acked_ >= notice_end_) {
      announce_drain();
    }
  }
  if (is_request(id)) acknowledged_ = {acknowledged_.bytes + bytes, services_.clock.now()};
  return engine_.acked(id, bytes);
}

Status ServerSession::on_reset(quic::StreamId id, quic::AppError code) {
  if (is_request(id) && !lost_) {
    const TimePoint now = services_.clock.now();
    conduct_.glitches(1, now);
    open_request(id, false, now).on_peer_reset(code);
  }
  return judge(engine_.status());  // a control stream that is reset is closed next
}

Status ServerSession::on_stop_sending(quic::StreamId id, quic::AppError code) {
  if (!quic::is_bidi(id)) return engine_.fail_critical();
  if (lost_) return engine_.status();
  const TimePoint now = services_.clock.now();
  conduct_.glitches(1, now);
  open_request(id, false, now).on_peer_stop(code);
  return judge(engine_.status());
}

Status ServerSession::on_stream_closed(quic::StreamId id, std::optional<quic::AppError> code) {
  if (!is_request(id)) {
    control_.closed(id);
    return engine_.closed(id, code);
  }
  ServerStream* const stream = request(id);
  if (stream != nullptr) stream->on_closed(code);
  // We do not wait for fields that wait for QPACK: with an error nghttp3 drops them at once.
  const bool responded = stream != nullptr && stream->has_head();
  auto closed = engine_.closed(
      id, code.value_or(responded ? NGHTTP3_H3_NO_ERROR : NGHTTP3_H3_REQUEST_CANCELLED));
  if (stream != nullptr) retire_if_over(*stream);
  close_if_sent_away();
  return closed;
}

void ServerSession::retire_if_over(ServerStream& stream) {
  if (!stream.retire()) return;
  if (stream.served()) --context_.served;
  streams_.erase(stream.id());
  idle_since_ = services_.clock.now();
  --allowed_early_;
  allow_more_streams(1);
}

// A closed stream is replaced once our work for it has ended: by resetting requests a client must
// not get more of them processed than the limit on streams allows. A stream that only waits until
// the peer acknowledges the response counts as ended: the acknowledgement may be delayed (RFC 9000
// §13.2.1), and the peer may need the stream. The limit on streams also limits how many wait so.
void ServerSession::allow_more_streams(std::int64_t least) {
  if (drain_ == Drain::announced || drain_ == Drain::done || !memory_left()) return;
  const std::int64_t most = std::min(context_.served, services_.limits.concurrent_streams);
  if (most - allowed_early_ < least) return;
  const auto more = static_cast<std::size_t>(most - std::exchange(allowed_early_, most));
  quic_.extend_peer_bidi_streams(more);
  engine_.allow_streams(more);
}

Status ServerSession::apply(TimePoint) {
  while (!lost_ && !context_.dirty.empty()) {
    context_.dirty.run([this](Stream& stream) {
      stream.apply();
      if (stream.tunnel() && !std::exchange(pings_, true)) {
        quic_.keep_alive(services_.timeouts.tunnel_ping);
      }
      retire_if_over(static_cast<ServerStream&>(stream));
      return false;
    });
  }
  if (pings_ && std::ranges::none_of(streams_, [](const auto& s) { return s->tunnel(); })) {
    pings_ = false;
    quic_.keep_alive(Duration::zero());
  }
  close_if_sent_away();
  return judge(engine_.status());
}

// Nobody else knows of this drain.
void ServerSession::close_if_sent_away() {
  const bool sent_away = conduct_.verdict() != Conduct::Verdict::fine;
  if (sent_away && !lost_ && finished()) quic_.close(NGHTTP3_H3_NO_ERROR);
}

Status ServerSession::wrote(quic::StreamId id, std::size_t bytes, TimePoint now) {
  if (is_request(id)) wrote_at_ = now;
  if (id == engine_.control_stream()) {
    control_written_ += bytes;
    if (drain_ == Drain::noticed) notice_end_ = control_written_;
    if (drain_ == Drain::announced) drain_ = Drain::done;
  }
  auto written = engine_.wrote(id, bytes);
  // Fewer are not worth a packet of their own: they wait until a stream is closed.
  allow_more_streams(std::max(services_.limits.concurrent_streams / 4, 1U));
  return written;
}

Status ServerSession::shut(quic::StreamId id) {
  if (!quic::is_bidi(id)) return engine_.fail_critical();
  engine_.peer_shut_write(id);
  if (ServerStream* stream = lost_ ? nullptr : request(id)) {
    conduct_.glitches(1, services_.clock.now());
    stream->on_peer_stop(NGHTTP3_H3_NO_ERROR);
  }
  return judge(engine_.status());
}

TimePoint ServerSession::deadline() const noexcept {
  if (lost_) return kNever;
  TimePoint first = std::min(drain_deadline_, idle_deadline());
  for (const auto& stream : streams_) first = std::min(first, stream->deadline());
  return first;
}

// A client's PINGs keep resetting QUIC's own idle timer, so a connection without requests, or with
// streams that the client never closes, needs a limit of its own.
TimePoint ServerSession::idle_deadline() const noexcept {
  const bool live = std::ranges::any_of(streams_, [](const auto& s) { return s->live(); });
  const TimePoint busy = std::max({idle_since_, wrote_at_, acknowledged_.at});
  return live ? kNever : busy + services_.timeouts.idle_tcp;
}

void ServerSession::on_deadline(TimePoint now) {
  if (lost_) return;
  if (drain_deadline_ <= now) announce_drain();
  if (idle_deadline() <= now) {
    quic_.close(NGHTTP3_H3_NO_ERROR);
    return abort(std::nullopt);  // bytes that are not acknowledged by now may not have arrived
  }
  for (const auto& stream : streams_) {
    const bool lived = stream->live();
    stream->on_deadline(now, acknowledged_);
    if (lived && !stream->live()) idle_since_ = now;
  }
}

void ServerSession::drain() {
  if (drain_ != Drain::no) return;
  drain_ = Drain::noticed;
  drain_deadline_ = services_.clock.now() + kDrainNotice;
  engine_.submit_shutdown_notice();
}

void ServerSession::announce_drain() {
  drain_deadline_ = kNever;
  drain_ = Drain::announced;
  engine_.submit_shutdown();
}

bool ServerSession::finished() const noexcept {
  return drain_ != Drain::no && idle() && (drain_ == Drain::done || !engine_.is_open());
}

void ServerSession::abort(std::optional<quic::AppError> code) noexcept {
  if (std::exchange(lost_, true)) return;
  const auto reason = engine_.status() ? AbortReason::peer_gone : AbortReason::protocol_error;
  const bool cleanly = code && !is_error(*code);
  for (const auto& stream : streams_) stream->abandon(reason, cleanly);
}

}  // namespace troika::h3
