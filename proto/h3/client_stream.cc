#include "proto/h3/client_stream.h"

#include <utility>

#include "base/text.h"

namespace troika::h3 {
namespace {

constexpr std::size_t kResponseWindow = 1U
                                        << 20U;  // bytes that the server may be ahead of the user

AbortReason reason_for(quic::AppError code) noexcept {
  return code == NGHTTP3_H3_REQUEST_REJECTED ? AbortReason::refused : AbortReason::peer_reset;
}

Error error_for(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::protocol_error: return {ErrorCode::protocol, "the response is not valid"};
    case AbortReason::over_limit: return {ErrorCode::limit, "the response is larger than a limit"};
    case AbortReason::refused: return {ErrorCode::unavailable, "the server refused the request"};
    case AbortReason::handler_failed: return {ErrorCode::io, "the request body failed"};
    default: return {ErrorCode::closed, "the response was cut short"};
  }
}

void add_fields(FieldList& fields, const Request& request) {
  fields.add(":method", request.method_text);
  // RFC 9114 §4.4: a plain CONNECT has only the authority to connect to.
  if (request.method != Method::connect || !request.protocol.empty()) {
    fields.add(":scheme", request.scheme);
    fields.add(":path", request.target.raw);
  }
  fields.add(":authority", request.authority);
  if (!request.protocol.empty()) fields.add(":protocol", request.protocol);
  fields.add(request.headers);
}

}  // namespace

ClientStream::ClientStream(ClientContext& context, quic::StreamId id, const Request& request,
                           std::unique_ptr<BodySource> body, ResponseReceiver& receiver)
    : EngineStream(id),
      context_(context),
      receiver_(&receiver),
      source_(std::move(body)),
      builder_(context.limits, HttpVersion::http3, request.method),
      trailers_(context.limits),
      response_(context.pool, kResponseWindow, *this) {
  length_ = request.content_length;
  if (source_ == nullptr) return;
  if (!length_) length_ = source_->remaining();
  source_->set_waker(this);
}

ClientStream::~ClientStream() {
  drop_source(AbortReason::peer_gone);
  response_.detach();
}

void ClientStream::submit(const Request& request) {
  const std::string length = length_ ? formatted("{}", *length_) : std::string();
  const bool add_length = !request.headers.has("content-length");
  FieldList fields;
  add_fields(fields, request);
  if (add_length && !length.empty()) fields.add("content-length", length);
  context_.engine.submit_request(*this, fields, source_ != nullptr);
}

bool ClientStream::can_begin_again() const noexcept {
  return early_request_ != nullptr && !body_begun_ && !response_ended_ && !abandoned_;
}

void ClientStream::begin_again(quic::StreamId id) {
  EngineStream::begin_again(id);
  dirty_ = ready_ = false;
  submit(*early_request_);
}

// RFC 9001 §4.6.2: the server has seen nothing of it.
void ClientStream::give_up() {
  EngineStream::begin_again(quic::kNoStream);
  dirty_ = true;  // nothing is left to act on
  fail(AbortReason::refused, 0);
  released_ = true;
}

void ClientStream::mark_dirty() noexcept {
  if (std::exchange(dirty_, true)) return;
  context_.dirty_streams.push_back(id());
  context_.engine.mark_writable();
}

void ClientStream::apply() {
  dirty_ = false;
  if (std::exchange(ready_, false) && !closed()) context_.engine.resume(*this);
  if (consumed_ > 0) context_.engine.credit(*this, std::exchange(consumed_, 0));
  const bool stop = std::exchange(stop_response_, false);
  const bool cancel = std::exchange(cancel_, false);
  if (closed()) return;
  if ((stop || cancel) && !std::exchange(read_ended_, true)) {
    context_.engine.shutdown_read(*this, NGHTTP3_H3_REQUEST_CANCELLED);
  }
  if (cancel && !fin_handed_out() && !std::exchange(write_ended_, true)) {
    context_.engine.shutdown_write(*this, NGHTTP3_H3_REQUEST_CANCELLED);
  }
}

bool ClientStream::finished() const noexcept {
  return released_ || (response_ended_ && (fin_handed_out() || write_ended_));
}

void ClientStream::abandon() noexcept {
  abandoned_ = true;
  receiver_ = nullptr;
  drop_source(AbortReason::peer_reset);
  response_.detach();
  context_.engine.forget_unread(*this);
  if (finished()) return;
  cancel_ = true;
  mark_dirty();
}

void ClientStream::fail(AbortReason reason, quic::AppError wire_code) {
  drop_source(reason);
  if (std::exchange(response_ended_, true)) return;
  response_.fail(error_for(reason));
  if (receiver_ != nullptr) std::exchange(receiver_, nullptr)->on_failed(reason, wire_code);
  cancel_ = true;
  mark_dirty();
}

void ClientStream::drop_source(AbortReason reason) noexcept {
  if (source_ == nullptr) return;
  source_->set_waker(nullptr);
  source_->stop(reason);
  source_.reset();
}

void ClientStream::on_field(std::int32_t token, std::string_view name, std::string_view value) {
  if (token == NGHTTP3_QPACK_TOKEN__STATUS) {
    builder_.status(value);
  } else {
    builder_.field(name, value);
  }
}

void ClientStream::on_fields_end(bool fin) {
  auto received = builder_.finish(!fin);
  if (!received) return fail(reason_for(received.error()), 0);
  ResponseHead& head = received->head;
  if (head.status < 200) {
    if (receiver_ != nullptr) receiver_->on_informational(head);
    return;
  }
  head_done_ = true;
  const BodyFraming& content = received->content;
  response_.begin(content.kind == BodyFraming::Kind::length ? std::optional(content.length)
                                                            : std::nullopt);
  if (receiver_ != nullptr) receiver_->on_response(std::move(head));
}

void ClientStream::on_trailer(std::string_view name, std::string_view value) {
  trailers_.field(name, value);
}

void ClientStream::on_data(std::span<const std::byte> bytes) {
  if (response_ended_ || abandoned_) {
    on_consumed(bytes.size());
  } else if (!response_.push(bytes)) {
    fail(AbortReason::protocol_error, 0);
  }
}

void ClientStream::on_end() {
  read_ended_ = true;
  if (trailers_.over_limit()) return fail(AbortReason::over_limit, 0);
  response_ended_ = true;
  std::ignore = response_.finish(trailers_.take());
}

Result<Pulled> ClientStream::pull(std::size_t max_bytes) {
  if (source_ == nullptr) return Pulled{PullState::blocked, {}};  // the stream is being cancelled
  auto pulled = source_->pull(max_bytes);
  body_begun_ = body_begun_ || !pulled || pulled->state != PullState::blocked;
  if (!pulled || !keeps_to_length(*pulled)) {
    fail(AbortReason::handler_failed, 0);
    cancel_ = true;
    mark_dirty();
    return troika::fail(ErrorCode::short_body, "the request body failed");
  }
  if (pulled->state == PullState::end) {
    if (const HeaderMap* trailers = source_->trailers()) outgoing_trailers_ = *trailers;
    source_->set_waker(nullptr);
    source_.reset();
  }
  return pulled;
}

bool ClientStream::keeps_to_length(const Pulled& pulled) noexcept {
  pulled_ += pulled.bytes.size();
  if (!length_) return true;
  return pulled.state == PullState::end ? pulled_ == *length_ : pulled_ <= *length_;
}

void ClientStream::wake() noexcept {
  ready_ = true;
  mark_dirty();
}

void ClientStream::on_consumed(std::size_t bytes) noexcept {
  consumed_ += bytes;
  mark_dirty();
}

void ClientStream::on_stopped(AbortReason) noexcept {
  if (std::exchange(response_ended_, true)) return;
  stop_response_ = true;
  mark_dirty();
}

void ClientStream::on_peer_reset(quic::AppError code) {
  read_ended_ = true;
  context_.engine.peer_shut_read(id());
  fail(reason_for(code), code);
}

// RFC 9114 §4.1: with NO_ERROR the server has responded already and only wants no more of the body.
void ClientStream::on_peer_stop(quic::AppError code) {
  write_ended_ = true;
  context_.engine.peer_shut_write(id());
  drop_source(AbortReason::body_stopped);
  if (code != NGHTTP3_H3_NO_ERROR && !head_done_) fail(reason_for(code), code);
}

void ClientStream::on_released(std::optional<quic::AppError> code) {
  released_ = true;
  fail(code ? reason_for(*code) : AbortReason::peer_reset, code.value_or(0));
}

}  // namespace troika::h3
