#include "client/fetch.h"

namespace troika::client {
namespace {

AbortReason reason_of(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::timeout: return AbortReason::timeout;
    case ErrorCode::protocol:
    case ErrorCode::denied: return AbortReason::protocol_error;
    default: return AbortReason::peer_gone;
  }
}

}  // namespace

Fetch::Fetch(const Request& request, std::unique_ptr<BodySource> request_body, Sink sink,
             const CallTimeouts& timeouts)
    : request_(request),
      timeouts_(timeouts),
      request_body_(std::move(request_body)),
      has_body_(request_body_ != nullptr),
      sink_(std::move(sink)) {}

void Fetch::begin(ClientSession& session) {
  if (cancelled_ || done()) return;
  auto started = session.start(request_, std::move(request_body_), *this, timeouts_);
  if (started) {
    call_ = std::move(*started);
    call_->body().set_waker(this);
  } else if (!failure_) {
    failure_ = Failure{.reason = AbortReason::refused, .replayable = true};
  }
}

bool Fetch::may_be_early() const noexcept {
  const bool safe =
      !has_body_ && (request_.method == Method::get || request_.method == Method::head ||
                     request_.method == Method::options);
  return early == Early::all || (early == Early::safe_requests && safe);
}

bool Fetch::begin_if_ready(Connection& connection) {
  const CallStep step = connection.step();
  if (connection.closed() && step != CallStep::send) {
    fail(reason_of(connection.close_reason()), step);
    return true;
  }
  if (!connection.closed() &&
      (!connection.ready() || (connection.security().handshaking && !may_be_early()))) {
    return false;
  }
  begin(connection.session());
  return true;
}

void Fetch::on_head(ResponseHead head) {
  head_ = std::move(head);
  wake();
}

bool Fetch::pump() {
  const std::uint64_t before = received_;
  while (head_ && call_ != nullptr && !paused_ && !done()) {
    const auto pulled = call_->body().pull(kMaxPull);
    if (!pulled) {
      if (!failure_)
        failure_ = Failure{.step = CallStep::receive, .reason = AbortReason::peer_reset};
    } else if (pulled->state == PullState::data) {
      take(pulled->bytes);
    } else if (pulled->state == PullState::end) {
      if (const HeaderMap* trailers = call_->body().trailers()) trailers_ = *trailers;
      ended_ = true;
    } else {
      break;
    }
  }
  return received_ != before;
}

void Fetch::take(const Slice& bytes) {
  received_ += bytes.size();
  if (sink_) {
    sink_(bytes.bytes());
  } else {
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
}

void Fetch::cancel() noexcept {
  cancelled_ = true;
  request_body_.reset();
  call_.reset();
}

void Fetch::fail(AbortReason reason, CallStep before) {
  if (done()) return;
  const bool begun = call_ != nullptr;
  failure_ = Failure{.step = begun ? step() : before,
                     .reason = reason,
                     .replayable = !begun || !call_->head_written()};
  cancel();
}

CallStep Fetch::step() const noexcept {
  if (head_) return CallStep::receive;
  const bool sent = call_ != nullptr && call_->sending() == Sending::done;
  return sent ? CallStep::wait : CallStep::send;
}

void Fetch::set_paused(bool on) {
  paused_ = on;
  if (!on) wake();
}

}  // namespace troika::client
