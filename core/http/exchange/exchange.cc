#include "http/exchange/exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "http/exchange/authority.h"
#include "http/exchange/request_marks.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

// RFC 9110 §6.4.1: responses that never have content, whatever the method.
bool never_has_content(std::uint16_t status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

// Fields that come are counted in steps of so many bytes.
constexpr std::size_t kCountedStep = 1024;

void cut(std::string& text, std::size_t most) {
  if (text.capacity() > std::max(most, sizeof(std::string))) {
    const std::string whole = std::exchange(text, {});
    text.assign(whole, 0, most);
  }
}

}  // namespace

Exchange::Exchange(StreamPort& port, Services& services, const PeerInfo& peer, HttpVersion version,
                   std::size_t window)
    : MessageEnd(port, services.pool, services.clock, services.limits, window),
      services_(services),
      snapshot_(services.snapshot),
      peer_(peer),
      version_(version) {}

Exchange::~Exchange() { on_closed(); }

bool Exchange::on_head_field(std::string_view name, std::string_view value) {
  RequestBuilder& to = builder();
  if (!name.starts_with(':')) {
    to.field(name, value);
    if (to.cost() > head_bytes() + kCountedStep) hold(sizeof(*this) + to.cost());
  } else if (name == ":method") {
    to.method(value);
  } else if (name == ":scheme") {
    to.scheme(value);
  } else if (name == ":authority") {
    to.authority(value);
  } else if (name == ":path") {
    to.target(value);
  } else if (name == ":protocol") {
    to.protocol(value);
  }
  return !to.overrun();
}

RequestBuilder& Exchange::builder() {
  if (!builder_) builder_.emplace(request_, limits_, version_, peer_.security.encrypted);
  return *builder_;
}

Status Exchange::on_head_end(bool end) {
  rejected_ = builder().finish(!end);
  builder_.reset();
  start();
  return end && rejected_ == 0 ? incoming_.finish() : Status{};
}

void Exchange::begin(Request&& request) {
  request_ = std::move(request);
  start();
}

void Exchange::begin_rejected(Request&& partial, std::uint16_t status) {
  rejected_ = status;
  begin(std::move(partial));
}

void Exchange::start() {
  snapshot_ = services_.snapshot;
  request_.early_data = request_.early_data || peer_.security.handshaking;
  started_wall_ = clock_.wall();
  started_ = last_progress_ = clock_.now();
  receive_pace_ = send_pace_ = Pace(snapshot_->timeouts().least_rate);
  receive_pace_.restart(started_);
  if (services_.marks != nullptr) services_.marks->mark(request_.headers);
  hold(sizeof(*this) + held_by(request_));
  const bool bytes_follow = request_.has_body || offers_tunnel();
  incoming_.begin(bytes_follow ? request_.content_length : 0);
  if (!bytes_follow) std::ignore = incoming_.finish();
  port_.mark_dirty();
}

void Exchange::advance() {
  const bool waits = handling_ == Handling::idle || handling_ == Handling::held;
  const bool due = waits && receiving() != Receiving::head && sending() == Sending::nothing;
  if (due) {
    decline_tunnel();
    if (admitted()) handle();
  }
  const bool whole = !request_.headers.empty() || !request_.target.path.empty();
  if (head_sent() && whole) drop_request();
  release_when_done();
}

// A response may have to wait for long, and its request must not: what is left is for the summary.
void Exchange::drop_request() noexcept {
  if (services_.marks != nullptr) kept_ = services_.marks->keep(request_.headers);
  std::ignore = std::exchange(request_.headers, {});
  for (std::string* const text : {&request_.target.path, &request_.target.query}) {
    std::ignore = std::exchange(*text, {});
  }
  cut(request_.target.raw, kTargetKept);
  cut(request_.authority, kAuthorityKept);
  hold(sizeof(*this) + held_by(request_) + kept_.held());
}

// For a handler that takes none, an upgrade is the GET that it came with (RFC 9110 §7.8).
void Exchange::decline_tunnel() {
  if (!offers_tunnel() || snapshot_->handler().takes_tunnels()) return;
  if (request_.method == Method::connect) {
    if (rejected_ == 0) rejected_ = 501;
    return;
  }
  request_.protocol.clear();
  incoming_.stop(AbortReason::body_stopped);
}

void Exchange::release_when_done() noexcept {
  const bool peer_goes_on = shape_ == Shape::tunnel && !incoming_.read_up();
  if (content_pulled() && !peer_goes_on) release_job();
}

void Exchange::handle() {
  handling_ = Handling::running;
  if (rejected_ != 0) {
    auto [head, body] = error_response(rejected_);
    if (rejected_ == 426) head.headers.add("sec-websocket-version", "13");  // RFC 6455 §4.4
    if (rejected_ == 503) head.headers.add("retry-after", "1");             // seconds
    // Remote clients are not told other names than those that they asked for.
    if (rejected_ == 421 && peer_.remote.is_loopback()) {
      body = text_body(services_.pool, explain_misdirected(request_.authority, peer_.security,
                                                           *services_.authority));
    }
    std::ignore = respond(std::move(head), std::move(body));
  } else {
    job_ = snapshot_->handler().start({request_, incoming_, peer_, services_, &routed_}, *this);
    if (job_ == nullptr && status_ == 0) abort(AbortReason::handler_failed);
  }
  if (job_ == nullptr) release_job();
}

// False: the request waits for the handshake. A rejected request does not wait.
bool Exchange::admitted() {
  if (rejected_ == 0 && is_misdirected(request_.authority, peer_.security, services_.authority)) {
    rejected_ = 421;
  }
  if (rejected_ == 0 && may_be_replay()) {
    if (handling_ == Handling::held) return false;
    if (peer_.held < limits_.early_held) {
      ++peer_.held;
      handling_ = Handling::held;
      return false;
    }
    rejected_ = 425;
  }
  if (rejected_ == 0 && services_.overloaded) rejected_ = 503;
  stop_waiting();
  return true;
}

// RFC 8446 §8, RFC 8470 §3: an attacker may replay early data, to this server or another. So only
// requests with a safe method and no content are processed before the handshake is complete.
bool Exchange::may_be_replay() const noexcept {
  using enum Method;
  if (!request_.early_data || !peer_.security.handshaking) return false;
  const bool safe = request_.method == get || request_.method == head || request_.method == options;
  return !safe || receiving() != Receiving::done || incoming_.received() > 0;
}

void Exchange::stop_waiting() noexcept {
  if (handling_ != Handling::held) return;
  handling_ = Handling::idle;
  --peer_.held;
  progress();
  receive_pace_.restart(last_progress_);
}

Result<Pulled> Exchange::pull(std::size_t max_bytes) {
  auto pulled = outgoing_.pull(max_bytes);
  recount();
  if (!pulled) {
    cancel(AbortReason::handler_failed);
  } else {
    release_when_done();
  }
  return pulled;
}

// A response that is whole, as far as the stream goes, is not taken back.
void Exchange::on_peer_reset(AbortReason, std::uint64_t) noexcept {
  if (sending() == Sending::done && shape_ == Shape::message) return;
  on_peer_abort(AbortReason::peer_reset);
}

void Exchange::on_peer_stop(AbortReason, std::uint64_t) noexcept {
  on_peer_abort(AbortReason::peer_reset);
}

void Exchange::on_peer_abort(AbortReason reason) noexcept {
  if (handling_ != Handling::closed && !aborted()) cancel(reason);
}

void Exchange::on_fault(std::uint16_t status, AbortReason reason) {
  const bool needed = receiving() != Receiving::stopped;
  if (!needed || (content_pulled() && shape_ == Shape::message)) return;
  if (status == 0 || head_sent()) return on_peer_abort(reason);
  auto [head, body] = error_response(status);
  std::ignore = respond(std::move(head), std::move(body));
}

void Exchange::on_closed() noexcept {
  if (handling_ == Handling::closed) return;
  if (!content_pulled() && !aborted()) aborted_ = AbortReason::peer_gone;
  cancel(aborted_);
  handling_ = Handling::closed;
  if (receiving() == Receiving::head) return;
  KeptFields fields;
  if (services_.marks != nullptr) {
    fields = services_.marks->of(kept_.empty() ? request_.headers : kept_);
  }
  services_.observer.on_complete({.request = request_,
                                  .peer = peer_,
                                  .status = status_,
                                  .body_bytes = outgoing_.sent(),
                                  .started = started_wall_,
                                  .duration = clock_.now() - started_,
                                  .aborted = aborted_,
                                  .fields = fields,
                                  .routed = routed_});
}

// Not while it waits for our 100 (RFC 9110 §10.1.1), for a reader of what has come, or to read what
// we send.
bool Exchange::peer_owes_content() const noexcept {
  if (receiving() != Receiving::body || incoming_.buffered() > 0 || offers_tunnel()) return false;
  const bool asks = request_.expects_continue && incoming_.received() == 0;
  return !outgoing_.peer_owes_room() && !(asks && incoming_.untouched());
}

TimePoint Exchange::deadline() const noexcept {
  if (receiving() == Receiving::head || handling_ == Handling::closed || aborted()) return kNever;
  if (shape_ == Shape::tunnel) return last_progress_ + snapshot_->timeouts().tunnel_idle;
  if (outgoing_.peer_owes_room()) return send_pace_.due(snapshot_->timeouts().write_progress);
  if (peer_owes_content()) return receive_pace_.due(snapshot_->timeouts().body_progress);
  const bool handler_owes_head = handling_ == Handling::running && sending() == Sending::nothing;
  if (handler_owes_head) return last_progress_ + snapshot_->timeouts().handler;
  return kNever;
}

void Exchange::on_deadline(TimePoint now) {
  if (deadline() > now) return;
  if (status_ != 0) {
    cancel(AbortReason::timeout);
    port_.reset(AbortReason::timeout);
    return;
  }
  auto [head, body] = error_response(peer_owes_content() ? 408 : 504);
  job_.reset();
  std::ignore = respond(std::move(head), std::move(body));
  incoming_.stop(AbortReason::timeout);
}

Status Exchange::inform(const ResponseHead& head) {
  if (sending() != Sending::nothing) {
    return fail(ErrorCode::closed, "the response has begun already");
  }
  if (request_.version == HttpVersion::http10) return {};  // RFC 9110 §15.2: it has no 1xx
  ResponseHead interim = head;
  interim.headers.remove("content-length");  // RFC 9110 §8.6
  port_.send_informational(interim);
  return {};
}

Status Exchange::respond(ResponseHead head, std::unique_ptr<BodySource> body) {
  if (sending() != Sending::nothing) {
    return fail(ErrorCode::closed, "the response has begun already");
  }
  stop_waiting();
  if (head.tunnel) {
    shape_ = Shape::tunnel;
  } else if (offers_tunnel()) {
    incoming_.stop(AbortReason::body_stopped);
  }
  status_ = head.tunnel && is_h1(request_.version) ? 101 : head.status;
  progress();
  send_pace_.restart(last_progress_);
  const BodyFraming framing = choose_framing(head, body.get());
  add_common_fields(head, body.get());
  std::optional<std::uint64_t> length;
  if (framing.kind == BodyFraming::Kind::length) length = framing.length;
  const bool empty = framing.kind == BodyFraming::Kind::none || length == 0;
  if (empty && body != nullptr) {
    body->stop(AbortReason::none);
    body.reset();
  }
  outgoing_.begin(std::move(body), length);
  recount();
  port_.send_head(std::move(head), framing);
  return {};
}

void Exchange::abort(AbortReason reason) noexcept {
  const bool whole = content_pulled() && shape_ == Shape::message;
  if (aborted() || handling_ == Handling::closed || whole) return;
  if (status_ == 0) {
    auto [head, body] = error_response(500);
    std::ignore = respond(std::move(head), std::move(body));
    return;
  }
  // The job may be the caller: it is freed when the stream is.
  aborted_ = reason;
  outgoing_.reset(reason);
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
  // RFC 9110 §8.6: this length is that of another response, which only its maker knows.
  const bool keeps_length =
      head.status == 304 || (head.forwarded && request_.method == Method::head);
  if (!keeps_length) head.headers.remove("content-length");
  if (!head.tunnel && !never_has_content(head.status) && !keeps_length) {
    const auto length = body == nullptr ? std::optional<std::uint64_t>(0) : body->remaining();
    if (length) {
      std::array<char, 20> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(), *length).ptr;
      head.headers.add(FieldName::content_length, {digits.begin(), end});
    }
  }
  // RFC 9110 §6.6.1: an origin server with a clock sends Date.
  if (!head.forwarded || !head.headers.has("date")) {
    head.headers.remove("date");
    head.headers.add(FieldName::date, services_.date.at(services_.clock.wall()));
  }
  if (!head.forwarded) head.headers.set("server", "troika");
  if (!peer_.alt_svc.empty()) head.headers.set("alt-svc", peer_.alt_svc);
  if (services_.server_timing) {
    head.headers.add("server-timing", server_timing(version_, clock_.now() - started_));
  }
}

// Of a handler that has not begun there is no job, but what it would read is unwanted as well.
void Exchange::release_job() noexcept {
  job_.reset();
  if (handling_ != Handling::closed) handling_ = Handling::released;
  incoming_.stop(AbortReason::body_stopped);
}

void Exchange::cancel(AbortReason reason) noexcept {
  aborted_ = reason;
  stop_waiting();
  if (reason != AbortReason::none) outgoing_.reset(reason);
  job_.reset();
  incoming_.detach();
  recount();
}

void Exchange::on_first_pull() noexcept {
  // RFC 9110 §10.1.1: send 100 only when the content is wanted and none of it has arrived.
  if (!request_.expects_continue || incoming_.received() > 0) return;
  receive_pace_.restart(clock_.now());
  ResponseHead head;
  head.status = 100;
  std::ignore = inform(head);
}

void Exchange::on_stopped(AbortReason reason) noexcept { port_.stop_receiving(reason); }

}  // namespace troika
