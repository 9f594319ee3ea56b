#include "client/fetch.h"

namespace troika::client {

Fetch::Fetch(ClientSession& session, const Request& request,
             std::unique_ptr<BodySource> request_body, Sink sink, bool now,
             const CallTimeouts& timeouts)
    : session_(session),
      request_(request),
      timeouts_(timeouts),
      request_body_(std::move(request_body)),
      sink_(std::move(sink)) {
  if (now) begin();
}

void Fetch::begin() {
  if (cancelled_) return;
  auto started = session_.start(request_, std::move(request_body_), *this, timeouts_);
  if (started) {
    call_ = std::move(*started);
  } else if (!failure_) {
    failure_ = Failure{.reason = AbortReason::refused, .replayable = true};
  }
}

bool Fetch::pump() {
  const std::uint64_t before = received_;
  while (head_ && call_ != nullptr && !paused && !done()) {
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

}  // namespace troika::client
