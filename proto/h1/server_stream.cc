#include "proto/h1/server_stream.h"

#include <algorithm>
#include <utility>

#include "http/message/error_body.h"
#include "proto/h1/keep_alive.h"

namespace troika::h1 {

ServerStream::ServerStream(Services& services, const PeerInfo& peer, SessionHost& host)
    : limits_(services.limits),
      timeouts_(services.timeouts),
      host_(host),
      exchange_(*this, services, peer, services.limits.stream_window),
      discard_(services.limits.discarded_body) {}

void ServerStream::begin(Request request, const MessageFields& fields) {
  fields_ = fields;
  request_over_ = !request.has_body;
  exchange_.begin(std::move(request));
  note();
}

void ServerStream::reject(Request partial, std::uint16_t status) {
  refused_ = request_over_ = true;
  exchange_.begin_rejected(std::move(partial), status);
  note();
}

bool ServerStream::on_body(std::span<const std::byte> bytes) {
  if (request_over_) return true;
  received_ += bytes.size();
  unread_ += bytes.size();
  if (stop) {
    discard_.add(bytes.size());
    if (discard_.spent()) give_up_request();
  }
  return exchange_.on_body(bytes, false).has_value();
}

void ServerStream::on_body_end(HeaderMap trailers) {
  if (request_over_) return;
  request_over_ = true;
  // The framing has seen to it that the length is the declared one.
  std::ignore = exchange_.on_trailers(std::move(trailers));
  note();
}

// A body that nobody waits for takes nothing with it. One that the answer may depend on does: with
// 400 when there is no answer yet, else by cutting it short.
void ServerStream::on_body_fault(std::uint16_t status, AbortReason why) {
  give_up_request();
  refused_ = true;
  if (stop || response_over_ || exchange_.response_complete()) return;
  if (status != 0 && !exchange_.head_sent()) {
    ErrorAnswer answer = error_answer(status);
    std::ignore = exchange_.respond(std::move(answer.head), std::move(answer.body));
  } else {
    exchange_.on_peer_abort(why);
    break_off();
  }
  note();
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

}  // namespace troika::h1
