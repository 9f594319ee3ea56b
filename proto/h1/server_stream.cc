#include "proto/h1/server_stream.h"

#include <algorithm>
#include <utility>

#include "http/message/error_response.h"

namespace troika::h1 {

ServerStream::ServerStream(Services& services, const PeerInfo& peer, SessionHost& host)
    : limits_(services.limits),
      timeouts_(services.timeouts),
      host_(host),
      exchange_(*this, services, peer, HttpVersion::http11, services.limits.stream_window),
      discard_(services.limits.discarded_body) {}

void ServerStream::begin(Request request, const MessageFields& fields) {
  fields_ = fields;
  request_over_ = !request.has_body;
  exchange_.begin(std::move(request));
  mark_dirty();
}

void ServerStream::reject(Request partial, std::uint16_t status) {
  refused_ = request_over_ = true;
  exchange_.begin_rejected(std::move(partial), status);
  mark_dirty();
}

bool ServerStream::on_body(std::span<const std::byte> bytes) {
  if (request_over_) return true;
  received_ += bytes.size();
  unread_ += bytes.size();
  if (stop) {
    discard_.add(bytes.size());
    if (discard_.spent()) give_up_request();
  }
  return exchange_.on_body(bytes).has_value();
}

void ServerStream::on_body_end(HeaderMap trailers) {
  if (request_over_) return;
  request_over_ = true;
  // The framing guarantees that the length is the declared one.
  std::ignore = exchange_.on_trailers(std::move(trailers));
  mark_dirty();
}

// A body that is not read any more does not affect the response. One that the response may depend
// on does: the response is 400 if it has not begun, else it is cut short.
void ServerStream::on_body_fault(std::uint16_t status, AbortReason why) {
  give_up_request();
  refused_ = true;
  if (stop || response_over_ || exchange_.content_pulled()) return;
  if (status != 0 && !exchange_.head_sent()) {
    ErrorResponse response = error_response(status);
    std::ignore = exchange_.respond(std::move(response.head), std::move(response.body));
  } else {
    exchange_.on_peer_abort(why);
    break_off();
  }
  mark_dirty();
}

void ServerStream::give_up_request() noexcept {
  request_over_ = true;
  keeps_alive_ = false;
}

void ServerStream::break_off() noexcept {
  broken_ = request_over_ = response_over_ = true;
  keeps_alive_ = starved_ = false;
}

void ServerStream::close(AbortReason reason) noexcept {
  if (reason != AbortReason::none) exchange_.on_peer_abort(reason);
  exchange_.on_closed();
}

TimePoint ServerStream::deadline() const noexcept {
  return std::min(exchange_.deadline(), request_over_ ? kNever : discard_.end());
}

void ServerStream::on_deadline(TimePoint now) {
  exchange_.on_deadline(now);
  if (discard_.end() <= now) give_up_request();
}

// Below: acts on the records and writes the response.

namespace {

constexpr std::size_t kMinPull = 4096;  // less is not worth a read

}  // namespace

bool ServerStream::produce(Output out, bool draining, TimePoint now) {
  if (broken_) return false;
  exchange_.advance();
  starved_ = false;
  bool moved = write_informational(out);
  moved = write_head(out, draining) || moved;
  moved = write_body(out) || moved;
  if (head_written_ && !response_over_ && exchange_.content_pulled()) {
    finish_response(out, now);
    moved = true;
  }
  if (aborted) {
    break_off();
    moved = true;
  }
  return take_credit() || moved;
}

bool ServerStream::take_credit() noexcept {
  unread_ -= consumed_bytes;
  return std::exchange(consumed_bytes, 0) > 0;
}

bool ServerStream::write_informational(Output& out) {
  if (informational.empty()) return false;
  for (const ResponseHead& interim : std::exchange(informational, {})) {
    continued_ = continued_ || interim.status == 100;
    const std::string text = response_head(interim, {});
    out.queue.append_copy(text);
    out.ledger.add_control(text.size());
  }
  return true;
}

bool ServerStream::write_head(Output& out, bool draining) {
  if (!head || head_written_ || aborted) return false;
  if (!out.has_room()) {
    starved_ = true;
    return false;
  }
  using Kind = BodyFraming::Kind;
  const bool http10 = exchange_.request().version == HttpVersion::http10;
  if (head->framing.kind == Kind::length) delimiter_ = Delimiter::length;
  if (head->framing.kind == Kind::until_end) {
    delimiter_ = http10 ? Delimiter::close : Delimiter::chunked;
  }
  ResponseShape shape{.body = delimiter_, .connection = {}};
  if (!decide_keep_alive(draining)) {
    shape.connection = "close";
  } else if (http10) {
    shape.connection = "keep-alive";
  }
  const std::string text = response_head(head->head, shape);
  out.queue.append_copy(text);
  out.ledger.add_control(text.size());
  head_written_ = true;
  head.reset();
  return true;
}

bool ServerStream::decide_keep_alive(bool draining) {
  const Request& request = exchange_.request();
  KeepAliveFacts facts{.version = request.version,
                       .says_close = fields_.close(),
                       .says_keep_alive = fields_.keep_alive(),
                       .upgrade = fields_.upgrade(),
                       .until_end = delimiter_ == Delimiter::close,
                       .refused = refused_ || !keeps_alive_ || head->head.status == 408,
                       .draining = draining};
  if (!request_over_) facts.rest = may_discard_rest() ? BodyRest::bounded : BodyRest::given_up;
  keeps_alive_ = h1::keeps_alive(facts);
  if (!keeps_alive_ && stop) give_up_request();  // no request follows, so it need not be read
  return keeps_alive_;
}

bool ServerStream::may_discard_rest() const noexcept {
  if (!stop) return true;  // the handler still reads it
  const Request& request = exchange_.request();
  if (request.expects_continue && !continued_ && received_ == 0) return false;
  const std::uint64_t rest = request.content_length.value_or(received_) - received_;
  return discard_.fits(rest);
}

bool ServerStream::write_body(Output& out) {
  if (!head_written_) return false;
  if (std::exchange(ready, false)) blocked_ = false;
  bool moved = false;
  while (!blocked_ && !exchange_.content_pulled() && !aborted) {
    if (!out.has_room()) {
      starved_ = true;
      break;
    }
    auto pulled = exchange_.pull(std::clamp(out.room(), kMinPull, kMaxPull));
    if (!pulled) {
      break_off();
      return true;
    }
    blocked_ = pulled->state == PullState::blocked;
    moved = moved || !blocked_;
    if (pulled->state == PullState::data) write_slice(out, std::move(pulled->bytes));
  }
  return moved;
}

void ServerStream::write_slice(Output& out, Slice slice) {
  const std::size_t size = slice.size();
  const bool chunked = delimiter_ == Delimiter::chunked;
  if (chunked) {
    const std::string text = chunk_head(size);
    out.queue.append_copy(text);
    out.ledger.add_control(text.size());
  }
  out.queue.append(std::move(slice));
  out.ledger.add_body(this, size);
  if (chunked) {
    out.queue.append_copy(kChunkEnd);
    out.ledger.add_control(kChunkEnd.size());
  }
}

void ServerStream::finish_response(Output& out, TimePoint now) {
  if (delimiter_ == Delimiter::chunked) {
    const std::string text = last_chunk(exchange_.trailers());
    out.queue.append_copy(text);
    out.ledger.add_control(text.size());
  }
  out.ledger.add_end(this);
  response_over_ = true;
  exchange_.advance();  // releases the job and the rest of the request body
  if (!keeps_alive_) request_over_ = true;
  if (!request_over_) discard_.end_at(now + timeouts_.body_progress);
}

}  // namespace troika::h1
