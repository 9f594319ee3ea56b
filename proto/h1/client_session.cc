#include "proto/h1/client_session.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "proto/h1/stream.h"

namespace troika::h1 {

void ResponseReader::begin(ClientStream& stream) {
  stream_ = &stream;
  begin_head();
}

void ResponseReader::begin_head() {
  fields_ = {};
  accept_.clear();
  parser_.begin_response();
}

std::size_t ResponseReader::read(std::span<const std::byte> bytes) {
  if (stream_->tunnel()) {
    if (!on_body(bytes)) stream_->on_fault(0, AbortReason::protocol_error);
    return bytes.size();
  }
  const Parser::Progress parsed = parser_.parse(bytes);
  switch (parsed.event) {
    case Parser::Event::more: break;
    case Parser::Event::head: end_of_head(); break;
    case Parser::Event::message: stream_->on_end(); break;
    case Parser::Event::fault:
      stream_->on_fault(0, parser_.fault() == ParserFault::fields_too_big
                               ? AbortReason::over_limit
                               : AbortReason::protocol_error);
      break;
  }
  return parsed.consumed;
}

bool ResponseReader::on_field(std::string_view name, std::string_view value, bool trailer) {
  if (!trailer) fields_.field(name, value);
  if (ascii::equal_ignoring_case(name, "sec-websocket-accept")) accept_ = ascii::trim(value);
  stream_->call().on_field(name, value);
  return true;
}

bool ResponseReader::on_body(std::span<const std::byte> bytes) { return stream_->on_body(bytes); }

void ResponseReader::end_of_head() {
  if (parser_.major_version() != 1) return stream_->on_fault(0, AbortReason::protocol_error);
  const HttpVersion version =
      parser_.minor_version() == 0 ? HttpVersion::http10 : HttpVersion::http11;
  if (parser_.status() == 101 && !takes_tunnel()) {
    return stream_->on_fault(0, AbortReason::protocol_error);
  }
  Call& call = stream_->call();
  call.on_status_line(version, parser_.status());
  std::ignore = call.on_head_end(false);
  if (call.aborted()) return;
  if (call.receiving() == Receiving::head) return begin_head();  // that was 1xx
  stream_->on_head(!until_close() && keeps_alive({.version = version,
                                                  .says_close = fields_.close(),
                                                  .says_keep_alive = fields_.keep_alive()}));
  if (call.incoming().remaining() == 0) stream_->on_end();
}

// RFC 6455 §4.1. A client that believes any 101 could be led to talk to something else.
bool ResponseReader::takes_tunnel() const {
  return !stream_->call().request().protocol.empty() && fields_.websocket() &&
         accept_ == stream_->accept();
}

bool ResponseReader::until_close() const noexcept {
  const Incoming& content = stream_->call().incoming();
  return content.state() == Receiving::body && !content.remaining() &&
         fields_.body() != MessageFields::Body::chunked;
}

Result<CallHandle> ClientSession::start(Request request, std::unique_ptr<BodySource> body,
                                        Receiver& receiver, const CallTimeouts& timeouts) {
  if (over()) return fail(ErrorCode::closed, "the connection has ended");
  if (draining() || peer_ended_) return fail(ErrorCode::unavailable, "it is to be closed");
  if (full()) return fail(ErrorCode::unavailable, "a request is in flight");
  if (auto sendable = check(request); !sendable) return std::unexpected(sendable.error());
  streams_.push_back(std::make_unique<ClientStream>(services_, host_, std::move(request),
                                                    std::move(body), receiver, timeouts));
  current_ = streams_.back().get();
  reader_.begin(*current_);
  host_.mark_dirty();
  return CallHandle(&current_->call());
}

std::size_t ClientSession::free() const noexcept {
  return current_ == nullptr && !peer_ended_ && phase_ == Phase::open ? 1 : 0;
}

bool ClientSession::draining() const noexcept {
  return phase_ != Phase::open || (current_ != nullptr && !current_->keeps_alive());
}

Status ClientSession::receive(std::span<const std::byte> bytes, TimePoint) {
  settle();
  if (over()) return {};
  if (buffered_.empty()) bytes = bytes.subspan(consume(bytes));
  if (!over()) buffered_.insert(buffered_.end(), bytes.begin(), bytes.end());
  if (phase_ == Phase::broken)
    return fail(ErrorCode::protocol, "the response is not valid, or is none to a request");
  return {};
}

void ClientSession::receive_end(TimePoint) {
  peer_ended_ = true;
  host_.mark_dirty();
}

std::size_t ClientSession::consume(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !over()) {
    // RFC 9112 §9.2: a response without a request is not one.
    if (current_ == nullptr || !current_->call().head_written()) {
      end(Phase::broken, AbortReason::protocol_error);
      break;
    }
    const auto rest = bytes.subspan(used);
    const std::size_t fits = std::min(rest.size(), current_->room());
    if (fits == 0) break;
    used += reader_.read(rest.first(fits));
    settle();
  }
  return used;
}

bool ClientSession::consume_buffered() {
  const std::size_t used = consume(buffered_);
  if (buffered_.empty()) return false;
  buffered_.erase(buffered_.begin(), buffered_.begin() + static_cast<std::ptrdiff_t>(used));
  return used > 0;
}

// Acts on what has become of the call in flight.
void ClientSession::settle() {
  if (current_ == nullptr) return;
  if (current_->broken()) return end(Phase::broken, AbortReason::none);
  // In a tunnel, ours may go on after theirs.
  if (current_->reads() || (current_->tunnel() && !current_->framed())) return;
  // RFC 9112 §9.5, §9.6: after the whole response, the rest of the request is not sent, and the
  // connection cannot be used again.
  ClientStream& done = *std::exchange(current_, nullptr);
  idle_since_ = services_.clock.now();
  if (!done.framed() || !done.keeps_alive()) phase_ = Phase::last;
  if (!done.framed()) done.call().on_peer_stop(AbortReason::none, 0);
  done.close(AbortReason::none);
  if (phase_ == Phase::last) end(Phase::over, AbortReason::none);
  host_.mark_dirty();
}

// What has come of a call stays with its user.
void ClientSession::end(Phase phase, AbortReason reason) noexcept {
  phase_ = phase;
  current_ = nullptr;
  buffered_ = {};
  ledger_.clear();
  for (const auto& stream : streams_) stream->close(reason);
  host_.mark_dirty();
}

Status ClientSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  settle();
  for (bool moved = true; moved && !over();) {
    moved = consume_buffered();
    if (current_ == nullptr) continue;
    moved = current_->produce({out, high_watermark, ledger_, now}) || moved;
    settle();
  }
  const bool expected = current_ == nullptr || current_->reads();
  if (peer_ended_ && buffered_.empty() && expected && !over()) on_input_end();
  free_streams();
  return {};
}

void ClientSession::on_input_end() {
  if (current_ != nullptr && reader_.until_close()) {
    current_->on_end();
    settle();
  } else {
    end(current_ != nullptr ? Phase::broken : Phase::over, AbortReason::peer_gone);
  }
}

void ClientSession::on_written(std::size_t bytes, TimePoint) noexcept {
  ledger_.sent(
      bytes, [](Stream* stream, std::size_t n) { stream->on_sent(n); },
      [](Stream* stream) { stream->on_mark(); });
  free_streams();
}

void ClientSession::free_streams() noexcept {
  std::erase_if(streams_,
                [&](const auto& stream) { return stream->over() && (stream->sent() || over()); });
}

Interest ClientSession::interest() const noexcept {
  const bool room = current_ == nullptr || current_->room() > 0;
  return {.wants_read = !over() && !peer_ended_ && buffered_.empty() && room,
          .has_output = current_ != nullptr && current_->starved(),
          .half_closed = current_ != nullptr && current_->half_closed(),
          .finished = over(),
          .broken = phase_ == Phase::broken};
}

TimePoint ClientSession::deadline() const noexcept {
  if (current_ != nullptr) return current_->deadline();
  return over() ? kNever : idle_since_ + services_.times.idle;
}

void ClientSession::on_deadline(TimePoint now) {
  if (current_ == nullptr) {
    if (deadline() <= now) drain();
    return;
  }
  current_->on_progress(progress_at_);
  current_->on_deadline(now);
  host_.mark_dirty();
}

void ClientSession::drain() {
  phase_ = std::max(phase_, Phase::last);
  if (current_ == nullptr && !over()) end(Phase::over, AbortReason::none);
  host_.mark_dirty();
}

void ClientSession::abort(AbortReason reason) noexcept {
  if (!over()) end(Phase::broken, reason);
}

std::unique_ptr<ClientByteSession> make_client_session(const CallServices& services,
                                                       SessionHost& host) {
  return std::make_unique<ClientSession>(services, host);
}

}  // namespace troika::h1
