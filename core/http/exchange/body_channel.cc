#include "http/exchange/body_channel.h"

#include <algorithm>
#include <array>
#include <utility>

namespace troika {

Status BodyChannel::push(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  if (stopped_) {
    if (feedback_ != nullptr) feedback_->on_consumed(bytes.size());
    return {};
  }
  if (bytes.size() > window_ - queue_.size()) {
    return troika::fail(ErrorCode::limit, "the peer sent more than its window holds");
  }
  queue_.append_copy(bytes);
  wake();
  return {};
}

void BodyChannel::finish(HeaderMap trailers) {
  if (ended()) return;
  trailers_ = std::move(trailers);
  finished_ = true;
  wake();
}

void BodyChannel::fail(Error why) noexcept {
  if (ended()) return;
  error_ = why;
  failed_ = true;
  wake();
}

void BodyChannel::detach() noexcept {
  feedback_ = nullptr;
  waker_ = nullptr;
  stopped_ = true;
  queue_.clear();
}

Result<Pulled> BodyChannel::pull(std::size_t max_bytes) {
  if (!std::exchange(pulled_, true) && !ended() && feedback_ != nullptr) feedback_->on_first_pull();
  if (!queue_.empty()) {
    Slice bytes = queue_.take(std::min(max_bytes, kMaxPull));
    if (remaining_) *remaining_ -= std::min<std::uint64_t>(*remaining_, bytes.size());
    if (feedback_ != nullptr) feedback_->on_consumed(bytes.size());
    return Pulled{PullState::data, std::move(bytes)};
  }
  if (failed_) return std::unexpected(error_);
  if (finished_ || stopped_) return Pulled{PullState::end, {}};
  blocked_ = true;
  return Pulled{PullState::blocked, {}};
}

void BodyChannel::stop(AbortReason reason) noexcept {
  if (std::exchange(stopped_, true)) return;
  waker_ = nullptr;
  const std::size_t dropped = queue_.size();
  queue_.clear();
  if (feedback_ == nullptr) return;
  if (dropped > 0) feedback_->on_consumed(dropped);
  feedback_->on_stopped(reason);
}

void BodyChannel::wake() noexcept {
  if (std::exchange(blocked_, false) && waker_ != nullptr) waker_->wake();
}

}  // namespace troika
