#include "proto/h2/stream.h"

#include <algorithm>
#include <utility>

namespace troika::h2 {
namespace {

AbortReason reason_for(std::uint32_t code) noexcept {
  return code == NGHTTP2_REFUSED_STREAM ? AbortReason::refused : AbortReason::peer_reset;
}

}  // namespace

bool Stream::on_field(std::string_view name, std::string_view value) {
  if (wire_ != Wire::open) return false;
  if (end_.on_field(name, value)) return true;
  if (context_.conduct != nullptr) context_.conduct->too_large();
  if (cut_short()) end_.on_peer_abort(AbortReason::over_limit);
  submit_reset(NGHTTP2_ENHANCE_YOUR_CALM);
  return false;
}

void Stream::on_headers(bool end_stream) {
  if (wire_ != Wire::open) return;
  const bool is_head = end_.receiving() == Receiving::head;
  check(is_head ? end_.on_head_end(end_stream) : end_.on_end(), NGHTTP2_ENHANCE_YOUR_CALM);
}

void Stream::on_data(std::span<const std::byte> bytes) {
  unconsumed_ += bytes.size();
  if (stop) discard_.add(bytes.size());
  if (discarding()) mark_dirty();
  check(end_.on_body(bytes), NGHTTP2_FLOW_CONTROL_ERROR);
}

void Stream::on_peer_end() { check(end_.on_end(), NGHTTP2_ENHANCE_YOUR_CALM); }

void Stream::check(Status status, std::uint32_t limit_code) noexcept {
  if (status) return;
  const bool limit = status.error().code == ErrorCode::limit;
  const bool too_large = limit && limit_code == NGHTTP2_ENHANCE_YOUR_CALM;
  end_.on_peer_abort(too_large ? AbortReason::over_limit : AbortReason::protocol_error);
  submit_reset(limit ? limit_code : std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
}

void Stream::on_peer_reset(std::uint32_t code) noexcept {
  end_.on_peer_reset(reason_for(code), code);
}

// After all of our message, a fault in the rest of a server's request does no harm.
void Stream::on_invalid() noexcept {
  if (cut_short()) end_.on_peer_abort(AbortReason::protocol_error);
  wire_ = std::max(wire_, Wire::resetting);
}

void Stream::on_head_not_sent() noexcept {
  end_.on_peer_abort(AbortReason::handler_failed);
  submit_reset(NGHTTP2_INTERNAL_ERROR);
}

nghttp2_ssize Stream::read(std::size_t max_bytes, std::uint32_t* flags) {
  // RST_STREAM will be sent: an END_STREAM before it would make the body look complete.
  if (wire_ != Wire::open || end_.aborted()) return NGHTTP2_ERR_DEFERRED;
  end_.expect(window());
  auto pulled = end_.pull(max_bytes);
  if (!pulled) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (pulled->state == PullState::blocked) return NGHTTP2_ERR_DEFERRED;
  pending_ = std::move(pulled->bytes);
  if (!pending_.empty()) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (end_.content_pulled()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!end_.trailers().empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers();
    }
  }
  return static_cast<nghttp2_ssize>(pending_.size());
}

std::size_t Stream::window() const noexcept {
  const std::int32_t left =
      std::min(nghttp2_session_get_stream_remote_window_size(context_.engine, id_),
               nghttp2_session_get_remote_window_size(context_.engine));
  const auto open = static_cast<std::size_t>(std::max(left, 0));
  const bool much = context_.host.account().held() > context_.limits.connection_memory / 4;
  return much ? std::min(open, kMaxDataPayload) : open;
}

Slice Stream::take_pending(std::size_t length) noexcept {
  unsent_ += length;
  Slice bytes = std::exchange(pending_, {});
  return bytes.size() == length ? std::move(bytes) : bytes.sub(0, length);
}

void Stream::on_end_framed() noexcept {
  end_.on_end_framed();
  if (end_.receiving() != Receiving::done) discard_.end_at(context_.clock.now() + context_.linger);
}

void Stream::on_sent(std::size_t bytes) noexcept {
  unsent_ -= bytes;
  end_.on_sent(bytes);
}

void Stream::on_closed(std::uint32_t code) noexcept {
  if (code == NGHTTP2_REFUSED_STREAM) end_.on_peer_reset(AbortReason::refused, 0);  // by GOAWAY
  if (cut_short()) end_.on_peer_abort(AbortReason::protocol_error);
  wire_ = Wire::closed;
}

void Stream::abort(AbortReason reason) noexcept {
  nghttp2_session_set_stream_user_data(context_.engine, id_, nullptr);
  wire_ = Wire::closed;
  end_.on_peer_abort(reason);
}

// Bytes that this stream never read go back to the connection, or refused uploads use up its
// window.
bool Stream::retire() noexcept {
  if (wire_ != Wire::closed || (unsent_ > 0 && !end_.aborted())) return false;
  if (end_.reads_on()) return false;
  end_.on_closed();
  if (!end_.over()) return false;
  nghttp2_session_consume_connection(context_.engine, std::exchange(unconsumed_, 0));
  return true;
}

TimePoint Stream::deadline() const noexcept {
  return std::min(end_.deadline(), discarding() ? discard_.end() : kNever);
}

// A stream whose window, or whose connection's window, is closed waits for the peer alone, even
// when other streams progress.
void Stream::on_deadline(TimePoint now, TimePoint progress) {
  if (window() > 0) end_.on_progress(progress);
  if (nghttp2_session_get_local_window_size(context_.engine) <= 0) end_.on_held_up(now);
  end_.on_deadline(now);
  if (discarding() && discard_.over(now)) mark_dirty();
}

void Stream::mark_dirty() noexcept {
  if (dirty) return;
  context_.dirty.add(*this);
  context_.host.mark_dirty();
}

void Stream::be_quiet() noexcept {
  context_.dirty.remove(*this);
  dirty = true;
}

// What advance() asks for is done here: the stream need not be marked for it.
void Stream::apply() {
  dirty = true;
  end_.advance();
  dirty = false;
  give_credit();
  if (wire_ != Wire::open) return;
  if (aborted) return submit_reset(error_code_for(*aborted));
  submit_informational();
  if (const auto response = std::exchange(head, std::nullopt)) submit_head(*response);
  if (std::exchange(ready, false)) nghttp2_session_resume_data(context_.engine, id_);
  // RFC 9113 §8.1: after a whole response, so that the peer stops sending an unwanted body.
  if (discarding() && discard_.over(context_.clock.now())) submit_reset(NGHTTP2_NO_ERROR);
}

void Stream::give_credit() noexcept {
  const std::size_t bytes = std::min(std::exchange(consumed_bytes, 0), unconsumed_);
  if (bytes == 0) return;
  unconsumed_ -= bytes;
  if (wire_ == Wire::closed) {
    nghttp2_session_consume_connection(context_.engine, bytes);
  } else {
    nghttp2_session_consume(context_.engine, id_, bytes);
  }
}

void Stream::submit_informational() {
  for (const ResponseHead& response : std::exchange(informational, {})) {
    const FieldList fields(response);
    nghttp2_submit_headers(context_.engine, NGHTTP2_FLAG_NONE, id_, nullptr, fields.data(),
                           fields.size(), nullptr);
  }
}

void Stream::submit_head(const Head& response) {
  const FieldList fields(response.head);
  end_.prefer(kDataFrames);
  nghttp2_data_provider2 provider{};
  provider.read_callback = context_.read;
  nghttp2_submit_response2(context_.engine, id_, fields.data(), fields.size(),
                           end_.content_pulled() ? nullptr : &provider);
}

void Stream::submit_trailers() {
  const FieldList fields(end_.trailers());
  nghttp2_submit_trailer(context_.engine, id_, fields.data(), fields.size());
}

void Stream::submit_reset(std::uint32_t code) noexcept {
  if (wire_ != Wire::open) return;
  wire_ = Wire::resetting;
  nghttp2_submit_rst_stream(context_.engine, NGHTTP2_FLAG_NONE, id_, code);
}

ClientStream::ClientStream(StreamContext& context, const CallServices& services, Request request,
                           std::unique_ptr<BodySource> body, Receiver& receiver,
                           const CallTimeouts& timeouts)
    : Stream(context, 0, call_),
      call_(*this, services, HttpVersion::http2, services.limits.call_window, std::move(request),
            std::move(body), receiver, timeouts) {}

Result<std::int32_t> ClientStream::submit() {
  const FieldList fields(call_.request(), call_.framing());
  call_.prefer(kDataFrames);
  nghttp2_data_provider2 provider{};
  provider.read_callback = context().read;
  const std::int32_t id =
      nghttp2_submit_request2(context().engine, nullptr, fields.data(), fields.size(),
                              call_.content_pulled() ? nullptr : &provider, this);
  if (id < 0) return fail(ErrorCode::unavailable, "no stream can be opened on this connection");
  opened_as(id);
  context().host.mark_dirty();
  return id;
}

}  // namespace troika::h2
