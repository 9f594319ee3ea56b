#include "proto/h3/stream.h"

#include <algorithm>
#include <utility>

namespace troika::h3 {
namespace {

// proto/README.md has the table.
quic::AppError error_code_for(AbortReason reason, Engine::Side side) noexcept {
  switch (reason) {
    case AbortReason::none:
    case AbortReason::body_stopped: return NGHTTP3_H3_NO_ERROR;
    case AbortReason::handler_failed:
      // RFC 9114 §4.1.1: a client that does not go on cancels, whatever its reason.
      return side == Engine::Side::client ? NGHTTP3_H3_REQUEST_CANCELLED
                                          : NGHTTP3_H3_INTERNAL_ERROR;
    case AbortReason::protocol_error: return NGHTTP3_H3_MESSAGE_ERROR;
    case AbortReason::refused: return NGHTTP3_H3_REQUEST_REJECTED;
    case AbortReason::peer_reset:
    case AbortReason::peer_gone:
    case AbortReason::timeout:
    case AbortReason::shutdown:
    case AbortReason::cancelled: return NGHTTP3_H3_REQUEST_CANCELLED;
    case AbortReason::over_limit: return NGHTTP3_H3_EXCESSIVE_LOAD;
  }
  return NGHTTP3_H3_INTERNAL_ERROR;
}

AbortReason reason_for(quic::AppError code) noexcept {
  return code == NGHTTP3_H3_REQUEST_REJECTED ? AbortReason::refused : AbortReason::peer_reset;
}

bool has_body(const BodyFraming& framing) noexcept {
  return framing.kind == BodyFraming::Kind::until_end ||
         (framing.kind == BodyFraming::Kind::length && framing.length > 0);
}

}  // namespace

void Stream::mark_dirty() noexcept {
  if (dirty) return;
  context_.dirty.add(*this);
  context_.engine.mark_writable();
}

void Stream::be_quiet() noexcept {
  context_.dirty.remove(*this);
  dirty = true;
}

void Stream::begin(quic::StreamId id) noexcept { begin_again(id); }

// What advance() asks for is done here: the stream need not be marked for it.
void Stream::apply() {
  dirty = true;
  end_.advance();
  dirty = false;
  context_.engine.credit(*this, std::exchange(consumed_bytes, 0));
  const auto reason = std::exchange(aborted, std::nullopt);
  if (closed()) {
    if (reason) context_.engine.forget_waiting(id());
    return;
  }
  if (reason) return give_up(*reason);
  for (const ResponseHead& info : std::exchange(informational, {})) {
    context_.engine.submit_info(*this, FieldList(info));
  }
  if (const auto response = std::exchange(head, std::nullopt)) {
    context_.engine.submit_response(*this, FieldList(response->head), has_body(response->framing));
  }
  if (std::exchange(ready, false)) context_.engine.resume(*this);
  // RFC 9114 §4.1: only after the whole response, or the client might not read it.
  begin_discarding();
  if (discarding() && discard_.over(context_.clock.now())) stop_reading(NGHTTP3_H3_NO_ERROR);
}

// A request of ours that is with QUIC, whole, is not taken back.
void Stream::give_up(AbortReason reason) {
  const quic::AppError code = error_code_for(reason, context_.engine.side());
  if (end_.sending() != Sending::done) context_.engine.shutdown_write(*this, code);
  stop_reading(code);
}

void Stream::stop_reading(quic::AppError code) {
  if (!end_reading()) return;
  context_.engine.shutdown_read(*this, code);
  stop_due_ = context_.clock.now() + context_.linger;
}

bool Stream::on_field(std::string_view name, std::string_view value) {
  return end_.on_field(name, value);
}

void Stream::on_fields_end(bool fin) { check(end_.on_head_end(fin)); }

void Stream::on_data(std::span<const std::byte> bytes) {
  if (stop) discard_.add(bytes.size());
  check(end_.on_body(bytes));
}

void Stream::discard(std::size_t bytes, bool fin) noexcept {
  discard_.add(bytes);
  if (fin) end_reading();
  mark_dirty();
}

void Stream::on_fin_handed_out() {
  end_.on_end_framed();
  begin_discarding();
}

// A tunnel's handler may stop after our side has ended.
void Stream::begin_discarding() {
  if (!discarding() || discard_.end() != kNever) return;
  context_.engine.peer_shut_read(id());
  discard_.end_at(context_.clock.now() + context_.linger);
}

void Stream::on_end() { check(end_.on_end(), AbortReason::over_limit); }

void Stream::on_rejected() {
  end_reading();
  end_.on_peer_abort(AbortReason::refused);
}

// limit: what has failed when one was exceeded.
void Stream::check(const Status& status, AbortReason limit) {
  if (status) return;
  const bool over = status.error().code == ErrorCode::limit;
  end_.on_peer_abort(over ? limit : AbortReason::protocol_error);
  reset(AbortReason::protocol_error);
  on_peer_fault();
}

Result<Pulled> Stream::pull(std::size_t max_bytes) {
  if (end_.aborted()) return Pulled{PullState::blocked, {}};
  auto pulled = end_.pull(max_bytes);
  if (!pulled) reset(AbortReason::handler_failed);
  return pulled;
}

void Stream::on_peer_reset(quic::AppError code) {
  end_reading();
  stop_due_ = kNever;
  context_.engine.peer_shut_read(id());
  // Nothing of it is missing, or nobody wants it.
  if (end_.receiving() == Receiving::done || end_.receiving() == Receiving::stopped) return;
  end_.on_peer_reset(reason_for(code), code);
  if (!end_.aborted() || end_.sending() == Sending::done) return;
  const bool server = context_.engine.side() == Engine::Side::server;
  context_.engine.shutdown_write(
      *this, server ? NGHTTP3_H3_REQUEST_INCOMPLETE : NGHTTP3_H3_REQUEST_CANCELLED);
}

void Stream::on_peer_stop(quic::AppError code) {
  context_.engine.peer_shut_write(id());
  end_.on_peer_stop(code == NGHTTP3_H3_NO_ERROR ? AbortReason::none : reason_for(code), code);
  if (end_.aborted()) stop_reading(NGHTTP3_H3_REQUEST_CANCELLED);
}

void Stream::on_closed(std::optional<quic::AppError> code) {
  end_reading();
  stop_due_ = kNever;
  if (code && *code != NGHTTP3_H3_NO_ERROR) end_.on_peer_reset(reason_for(*code), *code);
}

// Bytes that were never read go back to the connection's window.
bool Stream::retire() noexcept {
  if (!released() || end_.reads_on()) return false;
  end_.on_closed();
  if (!end_.over()) return false;
  context_.engine.forget_unread(*this);
  return true;
}

TimePoint Stream::deadline() const noexcept {
  return std::min({end_.deadline(), discarding() ? discard_.end() : kNever, stop_due_});
}

// QUIC would have closed the stream if the peer had ended its side, unless ours is not over yet. It
// drops what still comes, and gives back its credit for the connection alone. There is no other
// means against such a peer than to keep the place of the stream, which it has.
void Stream::on_deadline(TimePoint now, const Progress& progress) {
  if (stop_due_ <= now) {
    const bool over = end_.aborted() || acknowledged();
    stop_due_ = over ? kNever : now + context_.linger;
    if (over) on_stop_ignored();
  }
  const std::uint64_t others = progress.bytes - end_.sent();
  const std::uint64_t since = others - std::exchange(others_sent_, others);
  if (!window_shut()) end_.on_others_sent(since, progress.at);
  if (context_.engine.holds_up()) end_.on_held_up(now);
  end_.on_deadline(now);
  if (discarding() && discard_.over(now)) mark_dirty();
}

ServerStream::ServerStream(ServerContext& context, quic::StreamId id, bool early, TimePoint now)
    : Stream(context, id, exchange_),
      context_(context),
      exchange_(*this, context.services, context.peer, HttpVersion::http3,
                context.limits.h3_stream_window),
      fields_deadline_(now + context.services.timeouts.header_block) {
  if (early) exchange_.came_early();
}

// RFC 9114 §4.1: a stream that ends before its first byte is not a request. nghttp3 would end the
// connection for it.
bool ServerStream::on_arrival(std::size_t bytes, bool fin) {
  if (discarding()) discard(bytes, fin);
  if (bytes > 0) serving_ = std::max(serving_, Serving::begun);
  if (serving_ != Serving::empty || !fin) return true;
  end_without_request();
  return false;
}

void ServerStream::end_without_request() {
  end_reading();
  exchange_.on_peer_abort(AbortReason::protocol_error);
  engine().shutdown_write(*this, NGHTTP3_H3_REQUEST_INCOMPLETE);
  on_peer_fault();
}

// RFC 9114 §7.1 and §9: unknown frames are skipped, so a stream of nothing else has no request.
ServerStream::Fin ServerStream::judge_fin() const noexcept {
  if (discarding() || reading() == Reading::ended) return Fin::allowed;
  if (scanner_.in_frame()) return Fin::in_frame;
  return scanner_.has_headers() ? Fin::allowed : Fin::no_request;
}

// Once nghttp3 reads no more of it, its bytes may be anything.
std::size_t ServerStream::scan(std::span<const std::byte> bytes) {
  if (discarding() || reading() == Reading::ended) return bytes.size();
  const std::size_t taken = scanner_.scan(bytes);
  context_.conduct.glitches(scanner_.take_glitches(), context_.clock.now());
  return taken;
}

bool ServerStream::drops_fields() const noexcept {
  constexpr std::size_t kFew = 16;
  const bool may_wait = context_.limits.qpack_blocked_streams > 0;
  const bool read = reading() != Reading::ended || exchange_.receiving() == Receiving::done;
  return !may_wait && read && scanner_.lines() > fields_ + kFew;
}

bool ServerStream::on_field(std::string_view name, std::string_view value) {
  ++fields_;
  return Stream::on_field(name, value);
}

void ServerStream::on_fields_end(bool fin) {
  Stream::on_fields_end(fin);
  fields_deadline_ = kNever;
  context_.conduct.refused(exchange_.rejected(), context_.clock.now());
}

void ServerStream::on_trailers_begin() {
  fields_deadline_ = context_.clock.now() + context_.services.timeouts.header_block;
}

void ServerStream::on_peer_fault() noexcept { context_.conduct.fault(context_.clock.now()); }

void ServerStream::on_stop_ignored() noexcept {
  context_.conduct.fault(context_.clock.now(), context_.limits.ignored_stop);
  mark_dirty();  // the session judges it
}

void ServerStream::refuse() {
  exchange_.on_peer_abort(AbortReason::refused);
  reset(AbortReason::refused);
}

void ServerStream::on_fin_handed_out() {
  Stream::on_fin_handed_out();
  if (exchange_.receiving() != Receiving::done || exchange_.reads_on()) return;
  serving_ = Serving::served;
  ++context_.served;
}

// A client that has the whole response may close the connection before it acknowledges the end.
void ServerStream::abandon(AbortReason reason, bool cleanly) noexcept {
  if (exchange_.sending() != Sending::done || exchange_.reads_on()) {
    exchange_.on_peer_abort(reason);
  } else if (cleanly) {
    exchange_.on_all_sent();
  }
  exchange_.on_closed();
}

// A section of fields is coming in, or is still to come.
bool ServerStream::reads_fields() const noexcept {
  return fields_deadline_ != kNever && reading() != Reading::ended && (has_head() || live());
}

TimePoint ServerStream::deadline() const noexcept {
  const TimePoint fields = reads_fields() ? fields_deadline_ : kNever;
  return has_head() || reading() == Reading::ended ? std::min(fields, Stream::deadline()) : fields;
}

void ServerStream::on_deadline(TimePoint now, const Progress& progress) {
  if (reads_fields() && fields_deadline_ <= now) {
    fields_deadline_ = kNever;
    // The fields may still come before the next flush.
    if (exchange_.sending() != Sending::done) exchange_.on_peer_abort(AbortReason::timeout);
    return reset(AbortReason::timeout);
  }
  if (has_head() || reading() == Reading::ended) Stream::on_deadline(now, progress);
}

ClientStream::ClientStream(StreamContext& context, const CallServices& services, Request request,
                           std::unique_ptr<BodySource> body, Receiver& receiver,
                           const CallTimeouts& timeouts)
    : Stream(context, quic::kNoStream, call_),
      call_(*this, services, HttpVersion::http3, services.limits.call_window, std::move(request),
            std::move(body), receiver, timeouts) {}

void ClientStream::submit(quic::StreamId id) {
  begin(id);
  engine().submit_request(*this, FieldList(call_.request(), call_.framing()), call_.has_content());
}

// RFC 9114 §5.2: these may be sent again elsewhere.
void ClientStream::on_goaway() noexcept {
  call_.on_peer_reset(AbortReason::refused, 0);
  if (call_.aborted()) reset(AbortReason::cancelled);
}

void ClientStream::give_up() noexcept {
  begin(quic::kNoStream);
  call_.on_peer_reset(AbortReason::refused, 0);
  call_.on_closed();
}

}  // namespace troika::h3
