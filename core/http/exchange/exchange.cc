#include "http/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/exchange/authority.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

// RFC 9110 §6.4.1: responses that never have content, whatever the method.
bool never_has_content(std::uint16_t status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

Exchange::Exchange(StreamPort& port, Services& services, const PeerInfo& peer,
                   std::size_t body_window)
    : port_(port), services_(services), peer_(peer), body_(services.pool, body_window, *this) {}

Exchange::~Exchange() { on_closed(); }

void Exchange::begin(Request request) { start(std::move(request)); }

void Exchange::begin_rejected(Request partial, std::uint16_t status) {
  rejected_ = status;
  start(std::move(partial));
}

void Exchange::start(Request request) {
  request_ = std::move(request);
  request_.early_data = request_.early_data || peer_.security.handshaking;
  begun_ = true;
  started_wall_ = services_.clock.wall();
  started_ = last_progress_ = services_.clock.now();
  if (request_.has_body) {
    body_.expect(request_.content_length);
  } else {
    request_complete_ = true;
    body_.finish();
  }
}

void Exchange::advance() {
  const bool due = begun_ && !handled_ && status_ == 0 && !aborted();
  if (due && admitted()) handle();
  if (response_complete_) release_job();
}

void Exchange::handle() {
  handled_ = true;
  if (rejected_ != 0) {
    auto [head, body] = error_response(rejected_);
    // Remote clients are not told other names than those that they asked for.
    if (rejected_ == 421 && peer_.remote.is_loopback()) {
      body = text_body(services_.pool, explain_misdirected(request_.authority, peer_.security,
                                                           *services_.authority));
    }
    std::ignore = respond(std::move(head), std::move(body));
  } else {
    job_ = services_.handler.start({request_, body_, peer_, services_}, *this);
    if (job_ == nullptr && status_ == 0) abort(AbortReason::handler_failed);
  }
  if (job_ == nullptr) body_.stop(AbortReason::body_stopped);
}

// False: the request waits for the handshake. A rejected request does not wait.
bool Exchange::admitted() {
  if (rejected_ == 0 && is_misdirected(request_.authority, peer_.security, services_.authority)) {
    rejected_ = 421;
  }
  if (rejected_ == 0 && may_be_replay()) {
    if (held_) return false;
    if (peer_.held < services_.limits.early_held) {
      ++peer_.held;
      held_ = true;
      return false;
    }
    rejected_ = 425;
  }
  stop_waiting();
  return true;
}

// RFC 8446 §8, RFC 8470 §3: an attacker may replay early data, to this server or another. So only
// requests with a safe method and no content are processed before the handshake is complete.
bool Exchange::may_be_replay() const noexcept {
  using enum Method;
  if (!request_.early_data || !peer_.security.handshaking) return false;
  const bool safe = request_.method == get || request_.method == head || request_.method == options;
  return !safe || !request_complete_ || received_ > 0;
}

void Exchange::stop_waiting() noexcept {
  if (!std::exchange(held_, false)) return;
  --peer_.held;
  last_progress_ = services_.clock.now();
}

Status Exchange::on_body(std::span<const std::byte> bytes, bool end) {
  if (aborted()) return {};
  received_ += bytes.size();
  if (request_.content_length && received_ > *request_.content_length) {
    return fail(ErrorCode::protocol, "more body than Content-Length says");
  }
  if (!bytes.empty()) last_progress_ = services_.clock.now();
  if (auto pushed = body_.push(bytes); !pushed) return pushed;
  return end ? complete_request({}) : Status{};
}

Status Exchange::on_trailers(HeaderMap trailers) {
  if (aborted()) return {};
  return complete_request(std::move(trailers));
}

Status Exchange::complete_request(HeaderMap trailers) {
  if (request_.content_length && received_ != *request_.content_length) {
    return fail(ErrorCode::protocol, "less body than Content-Length says");
  }
  request_complete_ = true;
  body_.finish(std::move(trailers));
  return {};
}

Result<Pulled> Exchange::pull_response(std::size_t max_bytes) {
  if (response_ == nullptr) return Pulled{};
  auto pulled = response_->pull(std::min(max_bytes, kMaxPull));
  if (pulled && pulled->state == PullState::data) {
    pulled_ += pulled->bytes.size();
    // One more pull finds the end together with the last bytes, so that the end needs no frame of
    // its own, and detects a source that has more than it declared.
    if (pulled_ == declared_) {
      const auto after = response_->pull(1);
      if (!after) {
        pulled = std::unexpected(after.error());
      } else if (after->state == PullState::end) {
        finish_response();
      } else if (after->state == PullState::data) {
        pulled = fail(ErrorCode::short_body, "more body than was declared");
      } else {
        response_blocked_ = true;
      }
    } else if (declared_ && pulled_ > *declared_) {
      pulled = fail(ErrorCode::short_body, "more body than was declared");
    }
  } else if (pulled && pulled->state == PullState::blocked) {
    response_blocked_ = true;
  } else if (pulled && declared_ && pulled_ != *declared_) {
    pulled = fail(ErrorCode::short_body, "less body than was declared");
  } else if (pulled) {
    finish_response();
  }
  if (!pulled) cancel(AbortReason::handler_failed);
  return pulled;
}

void Exchange::on_sent(std::size_t bytes) noexcept {
  sent_ += bytes;
  last_progress_ = services_.clock.now();
}

void Exchange::on_peer_abort(AbortReason reason) noexcept {
  if (!closed_ && !aborted()) cancel(reason);
}

void Exchange::on_closed() noexcept {
  if (std::exchange(closed_, true)) return;
  if (!response_complete_ && !aborted()) aborted_ = AbortReason::peer_gone;
  cancel(aborted_);
  if (!begun_) return;
  services_.observer.on_complete({.request = request_,
                                  .peer = peer_,
                                  .status = status_,
                                  .body_bytes = sent_,
                                  .started = started_wall_,
                                  .duration = services_.clock.now() - started_,
                                  .aborted = aborted_});
}

TimePoint Exchange::deadline() const noexcept {
  if (!begun_ || closed_ || aborted()) return kNever;
  const bool peer_owes_room = pulled_ > sent_ || (response_ != nullptr && !response_blocked_);
  if (peer_owes_room) return last_progress_ + services_.timeouts.write_progress;
  const bool peer_owes_body = !request_complete_ && !body_.stopped() && body_.buffered() == 0;
  if (peer_owes_body) return last_progress_ + services_.timeouts.body_progress;
  return kNever;
}

void Exchange::on_deadline(TimePoint now) {
  if (deadline() > now) return;
  if (status_ != 0) {
    cancel(AbortReason::timeout);
    port_.reset(AbortReason::timeout);
    return;
  }
  job_.reset();
  auto [head, body] = error_response(408);
  std::ignore = respond(std::move(head), std::move(body));
  body_.stop(AbortReason::timeout);
}

Status Exchange::inform(const ResponseHead& head) {
  if (status_ != 0 || aborted() || closed_)
    return fail(ErrorCode::closed, "the response has begun already");
  // RFC 9110 §15.2: HTTP/1.0 has no 1xx.
  if (request_.version != HttpVersion::http10) port_.send_informational(head);
  return {};
}

Status Exchange::respond(ResponseHead head, std::unique_ptr<BodySource> body) {
  if (status_ != 0 || aborted() || closed_)
    return fail(ErrorCode::closed, "the response has begun already");
  stop_waiting();
  status_ = head.status;
  last_progress_ = services_.clock.now();
  const BodyFraming framing = choose_framing(head, body.get());
  add_common_fields(head, body.get());
  if (framing.kind == BodyFraming::Kind::length) declared_ = framing.length;
  const bool empty = framing.kind == BodyFraming::Kind::none || declared_ == 0;
  if (empty || body == nullptr) {
    if (body != nullptr) body->stop(AbortReason::none);
    response_complete_ = true;
  } else {
    response_ = std::move(body);
    response_->set_waker(this);
  }
  port_.send_head(head, framing);
  return {};
}

void Exchange::abort(AbortReason reason) noexcept {
  if (aborted() || closed_ || response_complete_) return;
  if (status_ == 0) {
    auto [head, body] = error_response(500);
    std::ignore = respond(std::move(head), std::move(body));
    return;
  }
  // The job may be the caller: it is freed when the stream is.
  aborted_ = reason;
  drop_response(reason);
  port_.reset(reason);
}

BodyFraming Exchange::choose_framing(const ResponseHead& head, const BodySource* body) const {
  using enum BodyFraming::Kind;
  if (head.tunnel) return {until_end, 0};
  if (request_.method == Method::head || never_has_content(head.status)) return {none, 0};
  if (body == nullptr) return {length, 0};
  if (const auto remaining = body->remaining()) return {length, *remaining};
  return {until_end, 0};
}

void Exchange::add_common_fields(ResponseHead& head, const BodySource* body) const {
  if (!head.tunnel && !never_has_content(head.status)) {
    const auto length = body == nullptr ? std::optional<std::uint64_t>(0) : body->remaining();
    if (length) head.headers.set("content-length", formatted("{}", *length));
  }
  // RFC 9110 §6.6.1: an origin server with a clock sends Date.
  head.headers.set("date", services_.date.at(services_.clock.wall()));
  head.headers.set("server", "troika");
  if (!peer_.alt_svc.empty()) head.headers.set("alt-svc", peer_.alt_svc);
}

void Exchange::finish_response() noexcept {
  response_complete_ = true;
  if (const HeaderMap* trailers = response_->trailers()) response_trailers_ = *trailers;
  response_->set_waker(nullptr);
  response_.reset();
  release_job();
}

void Exchange::release_job() noexcept {
  job_.reset();
  body_.stop(AbortReason::body_stopped);
}

void Exchange::drop_response(AbortReason reason) noexcept {
  if (response_ == nullptr) return;
  response_->set_waker(nullptr);
  response_->stop(reason);
  response_.reset();
}

void Exchange::cancel(AbortReason reason) noexcept {
  aborted_ = reason;
  stop_waiting();
  drop_response(reason);
  job_.reset();
  body_.detach();
}

void Exchange::wake() noexcept {
  response_blocked_ = false;
  last_progress_ = services_.clock.now();
  port_.body_ready();
}

void Exchange::on_first_pull() noexcept {
  // RFC 9110 §10.1.1: send 100 only when the content is wanted and none of it has arrived.
  if (!request_.expects_continue || received_ > 0 || request_complete_) return;
  ResponseHead head;
  head.status = 100;
  std::ignore = inform(head);
}

void Exchange::on_consumed(std::size_t bytes) noexcept { port_.credit(bytes); }

void Exchange::on_stopped(AbortReason reason) noexcept {
  if (!request_complete_) port_.stop_request(reason);
}

}  // namespace troika
