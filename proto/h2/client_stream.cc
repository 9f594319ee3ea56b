#include "proto/h2/client_stream.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace troika::h2 {
namespace {

nghttp2_ssize read_callback(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t length,
                            std::uint32_t* flags, nghttp2_data_source* source, void*) noexcept {
  // The stream may be closed, with its RST_STREAM still queued behind this frame.
  const auto& open = static_cast<const ClientContext*>(source->ptr)->open;
  const auto found = open.find(id);
  if (found == open.end() || found->second == nullptr) return NGHTTP2_ERR_DEFERRED;
  return found->second->read(length, flags);
}

void add_fields(FieldList& fields, const Request& request) {
  fields.add(":method",
             request.method_text.empty() ? name_of(request.method) : request.method_text);
  fields.add(":scheme", request.scheme);
  fields.add(":authority", request.authority);
  fields.add(":path", request.target.raw);
  if (!request.protocol.empty()) fields.add(":protocol", request.protocol);
  if (request.expects_continue) fields.add("expect", "100-continue");
  fields.add(request.headers);
}

}  // namespace

ClientStream::ClientStream(ClientContext& context, ResponseReceiver& receiver, Method asked,
                           std::unique_ptr<BodySource> request_body)
    : context_(context),
      receiver_(receiver),
      channel_(context.pool, kClientStreamWindow, *this),
      request_body_(std::move(request_body)),
      builder_(context.limits, HttpVersion::http2, asked),
      trailers_(context.limits) {
  if (request_body_ != nullptr) request_body_->set_waker(this);
}

ClientStream::~ClientStream() {
  channel_.detach();
  drop_request_body(AbortReason::peer_reset);
  context_.credit += unconsumed_ + consumed_;
  if (!closed_) {
    cancel(NGHTTP2_CANCEL);
    context_.open[id_] = nullptr;
  }
  context_.host.mark_dirty();
}

Status ClientStream::submit(const Request& request) {
  FieldList fields;
  add_fields(fields, request);
  auto length = request.content_length;
  if (!length && request_body_ != nullptr) length = request_body_->remaining();
  std::array<char, 20> digits{};
  if (length) {
    const char* const end = std::to_chars(digits.begin(), digits.end(), *length).ptr;
    fields.add("content-length", {digits.data(), end});
  }
  nghttp2_data_provider2 provider{};
  provider.source.ptr = &context_;
  provider.read_callback = read_callback;
  id_ = nghttp2_submit_request2(context_.engine, nullptr, fields.data(), fields.size(),
                                request_body_ == nullptr ? nullptr : &provider, nullptr);
  if (id_ < 0) {
    closed_ = true;
    return troika::fail(ErrorCode::unavailable, "no stream can be opened on this connection");
  }
  context_.open[id_] = this;
  context_.host.mark_dirty();
  return {};
}

void ClientStream::on_field(std::string_view name, std::string_view value) {
  if (head_seen_) {
    trailers_.field(name, value);
  } else if (name == ":status") {
    builder_.status(value);
  } else {
    builder_.field(name, value);
  }
}

void ClientStream::on_headers(bool end_stream) {
  if (!head_seen_) return take_head(end_stream);
  if (trailers_.over_limit()) return refuse(AbortReason::over_limit);
  response_ended_ = true;
  std::ignore = channel_.finish(trailers_.take());
}

void ClientStream::take_head(bool end_stream) {
  auto received = builder_.finish(!end_stream);
  if (!received) return refuse(reason_for(received.error()));
  if (received->head.status < 200) return receiver_.on_informational(received->head);
  head_seen_ = true;
  const BodyFraming& content = received->content;
  channel_.begin(content.kind == BodyFraming::Kind::length ? std::optional(content.length)
                                                           : std::nullopt);
  if (end_stream) on_response_end();
  receiver_.on_response(std::move(received->head));
}

void ClientStream::on_data(std::span<const std::byte> bytes) {
  unconsumed_ += bytes.size();
  if (channel_.push(bytes)) return;
  fail(AbortReason::protocol_error, 0);
  cancel(NGHTTP2_FLOW_CONTROL_ERROR);
}

void ClientStream::on_response_end() {
  response_ended_ = true;
  std::ignore = channel_.finish();
}

void ClientStream::on_closed(std::uint32_t code) {
  closed_ = true;
  context_.credit += std::exchange(consumed_, 0);
  drop_request_body(AbortReason::body_stopped);
  // RFC 9113 §8.1: after a whole response, a reset only stops the rest of the request.
  if (response_ended_) return;
  if (code == NGHTTP2_REFUSED_STREAM) {
    fail(AbortReason::refused, peer_reset_ ? code : 0);
  } else if (peer_reset_) {
    fail(AbortReason::peer_reset, code);
  } else {
    fail(AbortReason::protocol_error, 0);
  }
}

void ClientStream::on_connection_lost(AbortReason reason) {
  closed_ = true;
  drop_request_body(reason);
  fail(reason, 0);
}

void ClientStream::fail(AbortReason reason, std::uint64_t wire_code) {
  if (response_ended_ || cancelled_ || std::exchange(failed_, true)) return;
  channel_.fail({ErrorCode::closed, name_of(reason)});
  drop_request_body(reason);
  receiver_.on_failed(reason, wire_code);
}

nghttp2_ssize ClientStream::read(std::size_t max_bytes, std::uint32_t* flags) {
  if (cancelled_ || request_body_ == nullptr) return NGHTTP2_ERR_DEFERRED;
  auto pulled = request_body_->pull(max_bytes);
  if (!pulled) {
    fail(AbortReason::handler_failed, 0);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  if (pulled->state == PullState::blocked) return NGHTTP2_ERR_DEFERRED;
  if (pulled->state == PullState::data) {
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    // Saves a frame when the body says that these are its last bytes.
    if (request_body_->remaining() == 0U && request_body_->trailers() == nullptr) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    pending_ = std::move(pulled->bytes);
    return static_cast<nghttp2_ssize>(pending_.size());
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (const HeaderMap* trailers = request_body_->trailers();
      trailers != nullptr && !trailers->empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const FieldList fields(*trailers);
    nghttp2_submit_trailer(context_.engine, id_, fields.data(), fields.size());
  }
  return 0;
}

void ClientStream::apply() {
  dirty_ = false;
  if (const std::size_t bytes = std::exchange(consumed_, 0); bytes > 0) {
    nghttp2_session_consume(context_.engine, id_, bytes);
  }
  if (std::exchange(ready_, false)) nghttp2_session_resume_data(context_.engine, id_);
}

void ClientStream::wake() noexcept {
  ready_ = true;
  mark_dirty();
}

void ClientStream::on_consumed(std::size_t bytes) noexcept {
  unconsumed_ -= bytes;
  if (closed_) {
    context_.credit += bytes;
    context_.host.mark_dirty();
  } else {
    consumed_ += bytes;
    mark_dirty();
  }
}

void ClientStream::on_stopped(AbortReason) noexcept {
  if (!response_ended_) cancel(NGHTTP2_CANCEL);
}

void ClientStream::mark_dirty() noexcept {
  if (closed_ || std::exchange(dirty_, true)) return;
  context_.dirty_streams.push_back(id_);
  context_.host.mark_dirty();
}

void ClientStream::refuse(AbortReason reason) {
  fail(reason, 0);
  cancel(error_code_for(reason));
}

void ClientStream::cancel(std::uint32_t code) noexcept {
  if (closed_ || std::exchange(cancelled_, true)) return;
  nghttp2_submit_rst_stream(context_.engine, NGHTTP2_FLAG_NONE, id_, code);
  context_.host.mark_dirty();
}

void ClientStream::drop_request_body(AbortReason reason) noexcept {
  if (request_body_ == nullptr) return;
  request_body_->set_waker(nullptr);
  request_body_->stop(reason);
  request_body_.reset();
}

}  // namespace troika::h2
