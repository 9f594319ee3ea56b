#include "proto/h1/stream.h"

#include <algorithm>
#include <utility>

namespace troika::h1 {
namespace {

constexpr std::size_t kMinPull = 4096;  // less is not worth a read

}  // namespace

bool Stream::on_body(std::span<const std::byte> bytes) {
  if (!reads()) return true;
  reading_ = Reading::open;
  if (stop) {
    discard_.add(bytes.size());
    if (discard_.spent()) give_up();
  }
  return end_.on_body(bytes).has_value();
}

void Stream::on_fault(std::uint16_t status, AbortReason why) {
  give_up();
  end_.on_fault(status, why);
  mark_dirty();
}

void Stream::give_up() noexcept {
  if (reads()) reading_ = Reading::given_up;
  keeps_alive_ = false;
}

void Stream::close(AbortReason reason) noexcept {
  if (reason != AbortReason::none) end_.on_peer_abort(reason);
  end_.on_closed();
}

TimePoint Stream::deadline() const noexcept {
  return std::min(end_.deadline(), reads() ? discard_.end() : kNever);
}

void Stream::on_deadline(TimePoint now) {
  end_.on_deadline(now);
  if (discard_.end() <= now) give_up();
}

bool Stream::starved() const noexcept {
  if (end_.aborted()) return false;
  return writing_ == Writing::head ? head_due() : writing_ == Writing::content && ready;
}

bool Stream::produce(Output out) {
  end_.advance();
  bool moved = std::exchange(consumed_bytes, 0) > 0;
  if (end_.aborted()) return moved;
  if (stop && framed() && !keeps_alive_) give_up();  // of a tunnel whose handler has left
  moved = write_informational(out) || moved;
  moved = begin_writing(out) || moved;
  moved = write_content(out) || moved;
  moved = finish(out) || moved;
  return std::exchange(consumed_bytes, 0) > 0 || moved;
}

bool Stream::write_informational(Output& out) {
  if (informational.empty()) return false;
  for (const ResponseHead& interim : std::exchange(informational, {})) {
    if (interim.status == 100 && reading_ == Reading::expected) reading_ = Reading::open;
    out.write(response_head(interim, {}));
  }
  return true;
}

bool Stream::begin_writing(Output& out) {
  if (writing_ != Writing::head || !head_due() || !out.has_room()) return false;
  write_head(out);
  writing_ = Writing::content;
  ready = true;
  return true;
}

Delimiter Stream::delimit(BodyFraming::Kind kind, bool chunks) noexcept {
  switch (kind) {
    case BodyFraming::Kind::none: delimiter_ = Delimiter::none; break;
    case BodyFraming::Kind::length: delimiter_ = Delimiter::length; break;
    case BodyFraming::Kind::until_end:
      delimiter_ = chunks ? Delimiter::chunked : Delimiter::close;
      break;
  }
  return delimiter_;
}

bool Stream::write_content(Output& out) {
  bool moved = false;
  while (writing_ == Writing::content && ready && !end_.content_pulled() && out.has_room()) {
    auto pulled = end_.pull(std::clamp(out.room(), kMinPull, kMaxPull));
    if (!pulled) return true;  // it is aborted
    ready = pulled->state != PullState::blocked;
    moved = moved || ready;
    if (pulled->state == PullState::data) write_slice(out, std::move(pulled->bytes));
  }
  return moved;
}

void Stream::write_slice(Output& out, Slice slice) {
  const std::size_t size = slice.size();
  const bool chunked = delimiter_ == Delimiter::chunked;
  if (chunked) out.write(chunk_head(size));
  out.queue.append(std::move(slice));
  out.ledger.add_body(this, size);
  if (chunked) out.write(kChunkEnd);
}

bool Stream::finish(Output& out) {
  if (writing_ != Writing::content || !end_.content_pulled()) return false;
  if (delimiter_ == Delimiter::chunked) out.write(last_chunk(end_.trailers()));
  out.ledger.add_end(this);
  writing_ = Writing::framed;
  end_.on_end_framed();
  end_.advance();  // a server's handler is released, and with it the rest of the request
  if (stop && !keeps_alive_) give_up();
  if (stop && reads()) discard_.end_at(out.now + patience_);
  return true;
}

void ServerStream::begin(Request&& request, const MessageFields& fields,
                         const std::string& accept) {
  fields_ = fields;
  accept_ = accept;
  if (!request.protocol.empty()) {
    reading_ = Reading::open;  // what follows the head is for the tunnel, or for nobody
  } else if (!request.has_body) {
    reading_ = Reading::over;
  } else if (request.expects_continue) {
    reading_ = Reading::expected;
  }
  exchange_.begin(std::move(request));
}

void ServerStream::reject(Request&& partial, std::uint16_t status) {
  reading_ = Reading::over;
  keeps_alive_ = false;
  exchange_.begin_rejected(std::move(partial), status);
}

void ServerStream::on_end(HeaderMap trailers) {
  if (!reads()) return;
  reading_ = Reading::over;
  // The framing guarantees that the length is the declared one.
  std::ignore = exchange_.on_trailers(std::move(trailers));
}

void ServerStream::write_head(Output& out) {
  const Head response = std::move(*head);
  head.reset();
  if (response.head.tunnel) {
    keeps_alive_ = false;
    delimit(BodyFraming::Kind::until_end, false);
    return out.write(upgrade_response_head(response.head, accept_));
  }
  const bool http10 = exchange_.request().version == HttpVersion::http10;
  ResponseShape shape{.body = delimit(response.framing.kind, !http10), .connection = {}};
  if (!decide_keep_alive(response, shape.body, out.draining)) {
    shape.connection = response.head.status == 426 ? "close, upgrade" : "close";
  } else if (http10) {
    shape.connection = "keep-alive";
  }
  out.write(response_head(response.head, shape));
}

bool ServerStream::decide_keep_alive(const Head& response, Delimiter delimiter, bool draining) {
  KeepAliveFacts facts{.version = exchange_.request().version,
                       .says_close = fields_.close(),
                       .says_keep_alive = fields_.keep_alive(),
                       .upgrade = fields_.upgrade(),
                       .until_end = delimiter == Delimiter::close,
                       .refused = !keeps_alive_ || response.head.status == 408,
                       .draining = draining};
  if (reads()) facts.rest = may_discard_rest() ? BodyRest::bounded : BodyRest::given_up;
  keeps_alive_ = h1::keeps_alive(facts);
  if (!keeps_alive_ && stop) give_up();  // no request follows, so it need not be read
  return keeps_alive_;
}

bool ServerStream::may_discard_rest() const noexcept {
  if (!stop) return true;  // the handler still reads it
  if (reading_ == Reading::expected) return false;
  return discard_.fits(exchange_.incoming().remaining().value_or(0));
}

void ClientStream::on_end() {
  reading_ = Reading::over;
  if (!call_.on_end()) on_fault(0, AbortReason::over_limit);
}

// The first is that of the head.
void ClientStream::on_mark() noexcept {
  if (call_.head_written()) return Stream::on_mark();
  call_.on_head_written();
}

void ClientStream::write_head(Output& out) {
  const BodyFraming framing = call_.framing();
  if (!call_.request().protocol.empty()) {
    keeps_alive_ = false;
    key_ = make_websocket_key(call_.random());
    delimit(BodyFraming::Kind::until_end, false);
    out.write(upgrade_request_head(call_.request(), key_));
    return out.ledger.add_end(this);
  }
  const Delimiter delimiter = delimit(framing.kind, true);
  std::optional<std::uint64_t> length;
  if (delimiter == Delimiter::length) length = framing.length;
  out.write(request_head(call_.request(), delimiter, length));
  out.ledger.add_end(this);
}

}  // namespace troika::h1
