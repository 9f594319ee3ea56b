#include "proto/h2/server_stream.h"

#include <algorithm>
#include <utility>

namespace troika::h2 {

ServerStream::ServerStream(ServerContext& context, std::int32_t id)
    : context_(context),
      id_(id),
      builder_(std::make_unique<RequestBuilder>(context.services.limits, HttpVersion::http2,
                                                context.peer.security.encrypted)),
      discard_(context.services.limits.discarded_body),
      exchange_(*this, context.services, context.peer, HttpVersion::http2,
                context.services.limits.stream_window) {}

void ServerStream::on_trailers_begin() {
  trailers_ = std::make_unique<TrailerBuilder>(context_.services.limits);
}

void ServerStream::on_field(std::string_view name, std::string_view value) {
  if (trailers_ != nullptr) return trailers_->field(name, value);
  if (builder_ == nullptr) return;
  if (!name.starts_with(':')) return builder_->field(name, value);
  if (name == ":method") return builder_->method(value);
  if (name == ":scheme") return builder_->scheme(value);
  if (name == ":authority") return builder_->authority(value);
  if (name == ":path") return builder_->target(value);
  if (name == ":protocol") return builder_->protocol(value);
}

void ServerStream::on_headers(bool end_stream) {
  if (trailers_ != nullptr) {
    const auto trailers = std::move(trailers_);
    if (!trailers->over_limit()) {
      mark_dirty();
      return check(exchange_.on_trailers(trailers->take()));
    }
    exchange_.on_peer_abort(AbortReason::protocol_error);
    return submit_reset(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  if (builder_ == nullptr) return;
  auto request = std::exchange(builder_, nullptr)->finish(!end_stream);
  if (request) {
    exchange_.begin(std::move(*request));
  } else {
    exchange_.begin_rejected(std::move(request.error().partial), request.error().status);
  }
  begun_ = true;
  mark_dirty();
}

void ServerStream::on_data(std::span<const std::byte> bytes) {
  unconsumed_ += bytes.size();
  if (unwanted_) discard_.add(bytes.size());
  if (discarding()) mark_dirty();
  check(exchange_.on_body(bytes));
}

void ServerStream::on_request_end() {
  check(exchange_.on_end());
  mark_dirty();  // it may have waited for this
}

void ServerStream::check(Status status) noexcept {
  if (status) return;
  exchange_.on_peer_abort(AbortReason::protocol_error);
  submit_reset(status.error().code == ErrorCode::limit ? NGHTTP2_FLOW_CONTROL_ERROR
                                                       : NGHTTP2_PROTOCOL_ERROR);
}

void ServerStream::on_peer_reset() noexcept {
  if (!end_sent_) exchange_.on_peer_abort(AbortReason::peer_reset);
}

void ServerStream::on_invalid() noexcept {
  builder_.reset();
  trailers_.reset();
  resetting_ = true;
  // After a whole response, a fault in the rest of the request does no harm.
  if (begun_ && !end_sent_) exchange_.on_peer_abort(AbortReason::protocol_error);
}

void ServerStream::on_head_not_sent() noexcept {
  exchange_.on_peer_abort(AbortReason::handler_failed);
  submit_reset(NGHTTP2_INTERNAL_ERROR);
}

nghttp2_ssize ServerStream::read(std::size_t max_bytes, std::uint32_t* flags) {
  // RST_STREAM will be sent: an END_STREAM before it would make the body look complete.
  if (resetting_ || exchange_.aborted()) return NGHTTP2_ERR_DEFERRED;
  auto pulled = exchange_.pull(max_bytes);
  if (!pulled) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (pulled->state == PullState::blocked) return NGHTTP2_ERR_DEFERRED;
  pending_ = std::move(pulled->bytes);
  if (!pending_.empty()) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (exchange_.content_pulled()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!exchange_.trailers().empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers();
    }
  }
  return static_cast<nghttp2_ssize>(pending_.size());
}

Slice ServerStream::take_pending(std::size_t length) noexcept {
  unsent_ += length;
  Slice bytes = std::exchange(pending_, {});
  return bytes.size() == length ? std::move(bytes) : bytes.sub(0, length);
}

void ServerStream::on_end_sent() noexcept {
  end_sent_ = true;
  if (exchange_.receiving() == Receiving::done) return;
  discard_.end_at(context_.services.clock.now() + context_.services.timeouts.linger);
}

void ServerStream::on_sent(std::size_t bytes) noexcept {
  unsent_ -= bytes;
  exchange_.on_sent(bytes);
}

// Bytes that this stream never read go back to the connection, or refused uploads use up its
// window.
void ServerStream::on_closed() noexcept {
  closed_ = true;
  nghttp2_session_consume_connection(context_.engine, std::exchange(unconsumed_, 0));
  if (!end_sent_) exchange_.on_peer_abort(AbortReason::protocol_error);
}

TimePoint ServerStream::deadline() const noexcept {
  const bool ending = closed_ || resetting_ || !discarding();
  return std::min(exchange_.deadline(), ending ? kNever : discard_.end());
}

// A stream whose window, or whose connection's window, is closed waits for the peer alone, even
// when other streams progress.
void ServerStream::on_deadline(TimePoint now, TimePoint progress) {
  if (nghttp2_session_get_stream_remote_window_size(context_.engine, id_) > 0 &&
      nghttp2_session_get_remote_window_size(context_.engine) > 0) {
    exchange_.on_progress(progress);
  }
  exchange_.on_deadline(now);
  if (discarding() && discard_.over(now)) mark_dirty();
}

void ServerStream::abort(AbortReason reason) noexcept {
  exchange_.on_peer_abort(reason);
  retire();
}

void ServerStream::mark_dirty() noexcept {
  if (std::exchange(dirty_, true)) return;
  context_.dirty_streams.push_back(id_);
  context_.host.mark_dirty();
}

void ServerStream::apply() {
  if (begun_) exchange_.advance();
  dirty_ = false;
  give_credit();
  if (closed_ || resetting_) return;
  if (aborted) return submit_reset(error_code_for(*aborted));
  submit_informational();
  if (const auto response = std::exchange(head, std::nullopt)) submit_head(*response);
  if (std::exchange(ready, false)) nghttp2_session_resume_data(context_.engine, id_);
  if (std::exchange(stop, std::nullopt)) unwanted_ = true;
  // RFC 9113 §8.1: after a whole response, so that the peer stops sending an unwanted body.
  if (discarding() && discard_.over(context_.services.clock.now())) submit_reset(NGHTTP2_NO_ERROR);
}

void ServerStream::give_credit() noexcept {
  const std::size_t bytes = std::min(std::exchange(consumed_bytes, 0), unconsumed_);
  if (bytes == 0) return;
  unconsumed_ -= bytes;
  nghttp2_session_consume(context_.engine, id_, bytes);
}

void ServerStream::submit_informational() {
  for (const ResponseHead& response : std::exchange(informational, {})) {
    const FieldList fields(response);
    nghttp2_submit_headers(context_.engine, NGHTTP2_FLAG_NONE, id_, nullptr, fields.data(),
                           fields.size(), nullptr);
  }
}

void ServerStream::submit_head(const Head& response) {
  const FieldList fields(response.head);
  nghttp2_data_provider2 provider{};
  provider.read_callback = context_.read;
  const bool has_body = !exchange_.content_pulled();
  nghttp2_submit_response2(context_.engine, id_, fields.data(), fields.size(),
                           has_body ? &provider : nullptr);
}

void ServerStream::submit_trailers() {
  const FieldList fields(exchange_.trailers());
  nghttp2_submit_trailer(context_.engine, id_, fields.data(), fields.size());
}

void ServerStream::submit_reset(std::uint32_t code) noexcept {
  if (closed_ || std::exchange(resetting_, true)) return;
  nghttp2_submit_rst_stream(context_.engine, NGHTTP2_FLAG_NONE, id_, code);
}

}  // namespace troika::h2
