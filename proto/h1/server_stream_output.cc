// The half of ServerStream that acts on the records and writes the answer.
#include <algorithm>
#include <utility>

#include "proto/h1/keep_alive.h"
#include "proto/h1/server_stream.h"

namespace troika::h1 {
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
  if (head_written_ && !response_over_ && exchange_.response_complete()) {
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
    out.ledger.add(*this, text.size(), false);
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
  out.ledger.add(*this, text.size(), false);
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
  if (!keeps_alive_ && stop) give_up_request();  // nothing comes after it, so why read it
  return keeps_alive_;
}

bool ServerStream::may_discard_rest() const noexcept {
  if (!stop) return true;  // somebody still reads it
  const Request& request = exchange_.request();
  if (request.expects_continue && !continued_ && received_ == 0) return false;
  const std::uint64_t rest = request.content_length.value_or(received_) - received_;
  return discard_.fits(rest);
}

bool ServerStream::write_body(Output& out) {
  if (!head_written_) return false;
  if (std::exchange(ready, false)) blocked_ = false;
  bool moved = false;
  while (!blocked_ && !exchange_.response_complete() && !aborted) {
    if (!out.has_room()) {
      starved_ = true;
      break;
    }
    auto pulled = exchange_.pull_response(std::clamp(out.room(), kMinPull, kMaxPull));
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
    out.ledger.add(*this, text.size(), false);
  }
  out.queue.append(std::move(slice));
  out.ledger.add(*this, size, true);
  if (chunked) {
    out.queue.append_copy(kChunkEnd);
    out.ledger.add(*this, kChunkEnd.size(), false);
  }
}

void ServerStream::finish_response(Output& out, TimePoint now) {
  if (delimiter_ == Delimiter::chunked) {
    const std::string text = last_chunk(exchange_.response_trailers());
    out.queue.append_copy(text);
    out.ledger.add(*this, text.size(), false);
  }
  out.ledger.add_end(*this);
  response_over_ = true;
  exchange_.advance();  // lets go of the job and of what is left of the request body
  if (!keeps_alive_) request_over_ = true;
  if (!request_over_) discard_.end_at(now + timeouts_.body_progress);
}

}  // namespace troika::h1
