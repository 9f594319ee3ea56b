#include "http/exchange/call.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace troika {
namespace {

// RFC 9110 §8.6: these have a Content-Length even when it is 0.
bool expects_content(Method method) noexcept {
  return method == Method::post || method == Method::put || method == Method::patch;
}

BodyFraming framing_of(const Request& request, const BodySource* body) noexcept {
  using enum BodyFraming::Kind;
  if (!request.protocol.empty()) return {until_end, 0};
  if (body == nullptr) return {expects_content(request.method) ? length : none, 0};
  if (request.content_length) return {length, *request.content_length};
  if (const auto remaining = body->remaining()) return {length, *remaining};
  return {until_end, 0};
}

// All that it may say is that we take trailers (RFC 9110 §10.1.4, RFC 9113 §8.2.2).
void tidy_te(HeaderMap& fields) {
  bool trailers = false;
  for (const auto [name, value] : fields) {
    if (name == "te" && ascii::equal_ignoring_case(value, "trailers")) trailers = true;
  }
  fields.remove("te");
  if (trailers) fields.add("te", "trailers");
}

Error error_for(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::protocol_error: return {ErrorCode::protocol, "the response is not valid"};
    case AbortReason::over_limit: return {ErrorCode::limit, "the response is above a limit"};
    case AbortReason::refused: return {ErrorCode::unavailable, "the server refused the request"};
    case AbortReason::handler_failed: return {ErrorCode::io, "the request body failed"};
    case AbortReason::timeout: return {ErrorCode::timeout, "the server was silent for too long"};
    default: return {ErrorCode::closed, "the response was cut short"};
  }
}

}  // namespace

// A space or a line end in any of these would make it a different request.
Status check(const Request& request) {
  const auto visible = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  };
  const bool named = request.method != Method::other || !request.method_text.empty();
  const bool method = request.method_text.empty() ? named : ascii::is_token(request.method_text);
  const bool tunnel = request.protocol == "websocket";
  const bool known = request.protocol.empty() ? request.method != Method::connect : tunnel;
  if (method && known && visible(request.target.raw) && visible(request.authority) &&
      ascii::is_token(request.scheme)) {
    return {};
  }
  return fail(ErrorCode::protocol, "this request cannot be sent");
}

Call::Call(StreamPort& port, const CallServices& services, HttpVersion version, std::size_t window,
           Request request, std::unique_ptr<BodySource> body, Receiver& receiver,
           const CallTimeouts& timeouts)
    : MessageEnd(port, services.pool, services.clock, services.limits, window),
      services_(services),
      timeouts_(timeouts),
      request_(std::move(request)),
      framing_(framing_of(request_, body.get())),
      builder_(services.limits, version, asks_for_tunnel() ? Method::connect : request_.method,
               receiver.wants_fields()),
      receiver_(&receiver) {
  progress();
  request_.headers.remove("content-length");  // framing() says it
  request_.headers.remove("host");            // and `authority` this
  tidy_te(request_.headers);
  if (request_.expects_continue) request_.headers.remove("expect");
  request_.expects_continue = request_.expects_continue && body != nullptr;
  if (request_.expects_continue) continue_at_ = last_progress_ + timeouts_.continued;
  std::optional<std::uint64_t> length;
  if (framing_.kind == BodyFraming::Kind::length) length = framing_.length;
  outgoing_.begin(std::move(body), length);
  hold(sizeof(*this) + held_by(request_));
  if (waits()) outgoing_.hold();
}

bool Call::finished() const noexcept {
  if (knowing_ == Knowing::closed || knowing_ == Knowing::over) return true;
  const bool sent = sending() == Sending::done || sending() == Sending::reset;
  return sent && receiving() == Receiving::done;
}

bool Call::on_head_field(std::string_view name, std::string_view value) {
  if (name == ":status") {
    builder_.status(value);
  } else {
    builder_.field(name, value);
  }
  return !builder_.overrun();
}

Status Call::on_head_end(bool end) {
  if (aborted()) return {};
  auto response = builder_.finish(!end);
  if (response) {
    take_head(std::move(*response), end);
  } else {
    give_up(reason_for(response.error()));
  }
  return {};
}

void Call::take_head(ResponseBuilder::Received response, bool end) {
  if (response.head.status < 200) {
    if (response.head.status == 100) go_on();
    if (receiver_ != nullptr) receiver_->on_informational(response.head);
    return;
  }
  progress();
  // RFC 9110 §10.1.1: the origin has decided without the content.
  if (continue_at_ != kNever && response.head.status >= 300) {
    outgoing_.reset(AbortReason::body_stopped);
  }
  // A tunnel that is not taken has no bytes to carry.
  if (asks_for_tunnel() && !response.head.tunnel) outgoing_.reset(AbortReason::body_stopped);
  go_on();
  if (response.head.tunnel) {
    shape_ = Shape::tunnel;
    outgoing_.go_on();
    port_.body_ready();
  }
  std::optional<std::uint64_t> length;
  if (response.content.kind != BodyFraming::Kind::until_end) length = response.content.length;
  incoming_.begin(length);
  trailers_.emplace(limits_, builder_.connection_options());
  if (end) std::ignore = incoming_.finish();
  if (receiver_ != nullptr) receiver_->on_head(std::move(response.head));
  port_.mark_dirty();
}

bool Call::waits() const noexcept {
  return continue_at_ != kNever || (asks_for_tunnel() && shape_ == Shape::message);
}

bool Call::begin_again() noexcept {
  if (aborted() || receiving() != Receiving::head || !outgoing_.begin_again()) return false;
  head_written_ = false;
  progress();
  return true;
}

void Call::go_on() noexcept {
  if (std::exchange(continue_at_, kNever) == kNever || waits()) return;
  progress();
  outgoing_.go_on();
  port_.body_ready();
}

// The whole response is there, and our request was given up: the stream need not go on.
void Call::advance() {
  if (sending() == Sending::reset && receiving() == Receiving::done && !aborted()) {
    aborted_ = AbortReason::cancelled;
    port_.reset(AbortReason::cancelled);
  }
}

Result<Pulled> Call::pull(std::size_t max_bytes) {
  if (waits() || sending() == Sending::reset) return Pulled{PullState::blocked, {}};
  auto pulled = outgoing_.pull(max_bytes);
  recount();
  if (!pulled) fail(AbortReason::handler_failed, 0);
  return pulled;
}

// RFC 9113 §8.1: after a whole response, a reset only stops the rest of the request.
void Call::on_peer_reset(AbortReason reason, std::uint64_t wire_code) noexcept {
  const bool whole = receiving() == Receiving::done && shape_ == Shape::message;
  if (!whole) return fail(reason, wire_code);
  if (sending() != Sending::done) outgoing_.reset(AbortReason::body_stopped);
}

// RFC 9114 §4.1: without an error the origin has responded, or will, and only wants no more.
void Call::on_peer_stop(AbortReason reason, std::uint64_t wire_code) noexcept {
  const bool needed = receiving() == Receiving::head || shape_ == Shape::tunnel;
  if (reason != AbortReason::none && needed) return fail(reason, wire_code);
  if (sending() != Sending::done) outgoing_.reset(AbortReason::body_stopped);
}

void Call::on_peer_abort(AbortReason reason) noexcept { fail(reason, 0); }

void Call::on_fault(std::uint16_t, AbortReason reason) { fail(reason, 0); }

void Call::on_closed() noexcept {
  fail(AbortReason::protocol_error, 0);
  if (knowing_ == Knowing::open) knowing_ = Knowing::closed;
  if (knowing_ == Knowing::let_go) knowing_ = Knowing::over;
}

void Call::fail(AbortReason reason, std::uint64_t wire_code) noexcept {
  if (aborted()) return;
  const Failure failure{.step = step(),
                        .reason = reason,
                        .wire_code = wire_code,
                        .replayable = reason == AbortReason::refused || !head_written_};
  continue_at_ = kNever;
  if (sending() != Sending::done) outgoing_.reset(reason);
  recount();
  // A response that is whole stays so. A tunnel has two sides.
  const bool whole = shape_ == Shape::message || sending() == Sending::done;
  if (receiving() == Receiving::done && whole) return;
  aborted_ = reason;
  incoming_.fail(error_for(reason));
  if (receiver_ != nullptr) std::exchange(receiver_, nullptr)->on_failed(failure);
}

void Call::give_up(AbortReason reason) noexcept {
  fail(reason, 0);
  port_.reset(reason);
}

CallStep Call::step() const noexcept {
  if (receiving() != Receiving::head) return CallStep::receive;
  return sending() == Sending::done ? CallStep::wait : CallStep::send;
}

void Call::let_go() noexcept {
  receiver_ = nullptr;
  incoming_.stop(AbortReason::cancelled);
  if (knowing_ == Knowing::open) {
    knowing_ = Knowing::let_go;
    if (!finished() && !aborted()) give_up(AbortReason::cancelled);
  } else {
    knowing_ = Knowing::over;
  }
  port_.mark_dirty();
}

// The user wants no more, and is not told of it.
void Call::on_stopped(AbortReason) noexcept {
  receiver_ = nullptr;
  give_up(AbortReason::cancelled);
}

TimePoint Call::deadline() const noexcept {
  if (aborted() || knowing_ == Knowing::closed || knowing_ == Knowing::over) return kNever;
  if (shape_ == Shape::tunnel) return last_progress_ + timeouts_.tunnel_idle;
  const TimePoint silent = last_progress_ + timeouts_.between_bytes;
  if (continue_at_ != kNever) return continue_at_;
  if (outgoing_.peer_owes_room()) return silent;
  switch (receiving()) {
    case Receiving::head:
      return outgoing_.blocked() && !waits() ? kNever : last_progress_ + timeouts_.first_byte;
    case Receiving::body:
      return incoming_.buffered() == 0 && !outgoing_.blocked() ? silent : kNever;
    case Receiving::done:
    case Receiving::stopped: break;
  }
  return kNever;
}

void Call::on_deadline(TimePoint now) {
  if (deadline() > now) return;
  if (continue_at_ != kNever) return go_on();
  give_up(AbortReason::timeout);
}

}  // namespace troika
