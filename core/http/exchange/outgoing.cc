#include "http/exchange/outgoing.h"

#include <algorithm>
#include <utility>

namespace troika {

void Outgoing::begin(std::unique_ptr<BodySource> source,
                     std::optional<std::uint64_t> length) noexcept {
  state_ = Sending::head;
  declared_ = length;
  source_ = std::move(source);
  if (source_ != nullptr) source_->set_waker(this);
}

bool Outgoing::begin_again() noexcept {
  if (state_ == Sending::reset || pulled_ > 0 || !trailers_.empty()) return false;
  state_ = Sending::head;
  return true;
}

Result<Pulled> Outgoing::pull(std::size_t max_bytes) {
  if (source_ == nullptr) return Pulled{};
  state_ = Sending::body;
  auto pulled = pull_source(std::min(max_bytes, kMaxPull));
  if (!pulled) reset(AbortReason::handler_failed);
  return pulled;
}

Result<Pulled> Outgoing::pull_source(std::size_t max_bytes) {
  auto pulled = source_->pull(max_bytes);
  if (!pulled) return pulled;
  blocked_ = pulled->state == PullState::blocked;
  pulled_ += pulled->bytes.size();
  if (pulled->state == PullState::end) {
    if (declared_ && pulled_ != *declared_) {
      return fail(ErrorCode::short_body, "less content than was declared");
    }
    finish();
  } else if (declared_ && pulled_ > *declared_) {
    return fail(ErrorCode::short_body, "more content than was declared");
  } else if (pulled->state == PullState::data && pulled_ == declared_) {
    // One more pull finds the end together with the last bytes, so that the end needs no frame of
    // its own, and detects a source that has more than it declared.
    const auto after = source_->pull(1);
    if (!after) return std::unexpected(after.error());
    if (after->state == PullState::data) {
      return fail(ErrorCode::short_body, "more content than was declared");
    }
    if (after->state == PullState::end) {
      finish();
    } else {
      blocked_ = true;
    }
  }
  return pulled;
}

void Outgoing::finish() noexcept {
  if (const HeaderMap* trailers = source_->trailers()) trailers_ = *trailers;
  source_->set_waker(nullptr);
  source_.reset();
}

void Outgoing::reset(AbortReason reason) noexcept {
  state_ = Sending::reset;
  blocked_ = false;
  if (source_ == nullptr) return;
  source_->set_waker(nullptr);
  source_->stop(reason);
  source_.reset();
}

void Outgoing::wake() noexcept {
  blocked_ = false;
  feedback_.on_source_ready();
}

}  // namespace troika
