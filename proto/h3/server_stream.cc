#include "proto/h3/server_stream.h"

#include <algorithm>
#include <utility>

namespace troika::h3 {
namespace {

// proto/README.md has the table.
quic::AppError error_code_for(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::none:
    case AbortReason::body_stopped: return NGHTTP3_H3_NO_ERROR;
    case AbortReason::handler_failed: return NGHTTP3_H3_INTERNAL_ERROR;
    case AbortReason::protocol_error: return NGHTTP3_H3_MESSAGE_ERROR;
    case AbortReason::over_limit: return NGHTTP3_H3_EXCESSIVE_LOAD;
    case AbortReason::refused: return NGHTTP3_H3_REQUEST_REJECTED;
    case AbortReason::peer_reset:
    case AbortReason::peer_gone:
    case AbortReason::timeout:
    case AbortReason::shutdown: return NGHTTP3_H3_REQUEST_CANCELLED;
  }
  return NGHTTP3_H3_INTERNAL_ERROR;
}

bool has_body(const BodyFraming& framing) noexcept {
  return framing.kind == BodyFraming::Kind::until_end ||
         (framing.kind == BodyFraming::Kind::length && framing.length > 0);
}

}  // namespace

ServerStream::ServerStream(ServerContext& context, quic::StreamId id, bool early, TimePoint now)
    : EngineStream(id),
      context_(context),
      builder_(context.services.limits, HttpVersion::http3, true),
      exchange_(*this, context.services, context.peer, HttpVersion::http3,
                context.services.limits.h3_stream_window),
      discard_(context.services.limits.discarded_body),
      header_deadline_(now + context.services.timeouts.header_block),
      early_(early) {}

void ServerStream::mark_dirty() noexcept {
  if (std::exchange(dirty_, true)) return;
  context_.dirty_streams.push_back(id());
  context_.engine.mark_writable();
}

void ServerStream::apply() {
  exchange_.advance();
  for (const ResponseHead& info : std::exchange(informational, {})) {
    context_.engine.submit_info(*this, FieldList(info));
  }
  if (const auto response = std::exchange(head, std::nullopt)) {
    context_.engine.submit_response(*this, FieldList(response->head), has_body(response->framing));
  }
  if (std::exchange(ready, false)) context_.engine.resume(*this);
  if (consumed_bytes > 0) context_.engine.credit(*this, std::exchange(consumed_bytes, 0));
  if (const auto reason = std::exchange(aborted, std::nullopt)) {
    give_up(*reason);
  } else if (discarding() && discard_.over(context_.services.clock.now())) {
    // RFC 9114 §4.1: only after the whole response, or the client might not read it.
    stop_reading(NGHTTP3_H3_NO_ERROR);
  }
  dirty_ = false;
}

void ServerStream::give_up(AbortReason reason) {
  header_deadline_ = kNever;
  context_.engine.shutdown_write(*this, error_code_for(reason));
  stop_reading(error_code_for(reason));
}

void ServerStream::stop_reading(quic::AppError code) {
  if (!std::exchange(read_ended_, true)) context_.engine.shutdown_read(*this, code);
}

void ServerStream::on_field(std::int32_t token, std::string_view name, std::string_view value) {
  switch (token) {
    case NGHTTP3_QPACK_TOKEN__METHOD: builder_.method(value); break;
    case NGHTTP3_QPACK_TOKEN__SCHEME: builder_.scheme(value); break;
    case NGHTTP3_QPACK_TOKEN__AUTHORITY: builder_.authority(value); break;
    case NGHTTP3_QPACK_TOKEN__PATH: builder_.target(value); break;
    case NGHTTP3_QPACK_TOKEN__PROTOCOL: builder_.protocol(value); break;
    default: builder_.field(name, value);
  }
}

void ServerStream::on_fields_end(bool fin) {
  header_deadline_ = kNever;
  begun_ = true;
  auto request = builder_.finish(!fin);
  if (request) {
    request->early_data = early_;
    exchange_.begin(std::move(*request));
  } else {
    exchange_.begin_rejected(std::move(request.error().partial), request.error().status);
  }
  mark_dirty();
}

void ServerStream::on_trailer(std::string_view name, std::string_view value) {
  if (!trailers_) trailers_.emplace(context_.services.limits);
  trailers_->field(name, value);
}

void ServerStream::on_data(std::span<const std::byte> bytes) {
  if (stop) discard_.add(bytes.size());
  fail_unless(exchange_.on_body(bytes));
}

void ServerStream::on_discarded(std::size_t bytes, bool fin) {
  discard_.add(bytes);
  read_ended_ = fin;
  mark_dirty();
}

void ServerStream::on_fin_handed_out() {
  if (discarding()) {
    context_.engine.peer_shut_read(id());
    discard_.end_at(context_.services.clock.now() + context_.services.timeouts.linger);
  }
  served_ = exchange_.receiving() == Receiving::done;
  if (served_) ++context_.served;
}

void ServerStream::on_end() {
  read_ended_ = true;
  if (exchange_.receiving() == Receiving::done) return;
  mark_dirty();  // it may have waited for this
  if (!trailers_) {
    fail_unless(exchange_.on_end());
  } else if (trailers_->over_limit()) {
    fail_unless(fail(ErrorCode::limit, "too many trailers"));
  } else {
    fail_unless(exchange_.on_trailers(trailers_->take()));
  }
}

void ServerStream::on_rejected() {
  header_deadline_ = kNever;
  read_ended_ = true;
}

void ServerStream::fail_unless(const Status& status) {
  if (status) return;
  exchange_.on_peer_abort(AbortReason::protocol_error);
  reset(AbortReason::protocol_error);
}

Result<Pulled> ServerStream::pull(std::size_t max_bytes) {
  if (exchange_.aborted()) return Pulled{PullState::blocked, {}};
  auto pulled = exchange_.pull(max_bytes);
  if (!pulled) reset(AbortReason::handler_failed);
  return pulled;
}

const HeaderMap& ServerStream::outgoing_trailers() const noexcept { return exchange_.trailers(); }

void ServerStream::on_body_acked(std::size_t bytes) noexcept { exchange_.on_sent(bytes); }

// RFC 9114 §4.1: a stream that ends before its first byte is not a request. nghttp3 would end the
// connection for it.
bool ServerStream::on_arrival(std::size_t bytes, bool fin) {
  empty_ = empty_ && bytes == 0;
  if (!empty_ || !fin) return true;
  read_ended_ = true;
  header_deadline_ = kNever;
  context_.engine.shutdown_write(*this, NGHTTP3_H3_REQUEST_INCOMPLETE);
  return false;
}

void ServerStream::on_peer_reset() {
  read_ended_ = true;
  context_.engine.peer_shut_read(id());
  if (begun_ && (exchange_.receiving() == Receiving::done || exchange_.content_pulled())) return;
  exchange_.on_peer_abort(AbortReason::peer_reset);
  header_deadline_ = kNever;
  context_.engine.shutdown_write(*this, NGHTTP3_H3_REQUEST_INCOMPLETE);
}

// STOP_SENDING came, or QUIC refused a write because of it.
void ServerStream::on_peer_stop() {
  context_.engine.peer_shut_write(id());
  exchange_.on_peer_abort(AbortReason::peer_reset);
  header_deadline_ = kNever;
  stop_reading(NGHTTP3_H3_REQUEST_CANCELLED);
}

void ServerStream::on_closed(std::optional<quic::AppError> code) {
  context_.engine.forget_unread(*this);
  if (!begun_) return;
  // Our own STOP_SENDING after a whole response is not an error.
  const bool cleanly = !code || *code == NGHTTP3_H3_NO_ERROR || (stop && fin_handed_out());
  if (!cleanly) exchange_.on_peer_abort(AbortReason::peer_reset);
  exchange_.on_closed();
}

// A client that has the whole response may close the connection before it acknowledges the end.
void ServerStream::abandon(AbortReason reason, bool cleanly) noexcept {
  header_deadline_ = kNever;
  if (!begun_) return;
  if (!fin_handed_out()) {
    exchange_.on_peer_abort(reason);
  } else if (cleanly && !exchange_.aborted()) {
    exchange_.on_all_sent();
  }
  exchange_.on_closed();
}

TimePoint ServerStream::deadline() const noexcept {
  if (!begun_) return header_deadline_;
  return std::min(exchange_.deadline(), discarding() ? discard_.end() : kNever);
}

void ServerStream::on_deadline(TimePoint now, TimePoint progress) {
  if (!window_shut()) exchange_.on_progress(progress);
  if (deadline() > now) return;
  if (begun_) {
    exchange_.on_deadline(now);
    if (discarding() && discard_.over(now)) mark_dirty();
  } else {
    header_deadline_ = kNever;
    exchange_.on_peer_abort(
        AbortReason::timeout);  // the fields may still come before the next flush
    reset(AbortReason::timeout);
  }
}

}  // namespace troika::h3
