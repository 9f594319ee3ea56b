#include "http/exchange/incoming.h"

#include <algorithm>
#include <array>
#include <utility>

namespace troika {

void Incoming::begin(std::optional<std::uint64_t> length) noexcept {
  declared_ = length;
  if (state_ == Receiving::head) state_ = Receiving::body;
}

Status Incoming::push(std::span<const std::byte> bytes) {
  if (bytes.empty() || feedback_ == nullptr) return {};
  received_ += bytes.size();
  if (declared_ && received_ > *declared_) {
    return troika::fail(ErrorCode::protocol, "more content than Content-Length says");
  }
  if (state_ != Receiving::body || skips_) {
    feedback_->on_consumed(bytes.size());
    return {};
  }
  if (bytes.size() > room()) {
    return troika::fail(ErrorCode::limit, "the peer sent more than its window holds");
  }
  queue_.append_copy(bytes);
  wake();
  return {};
}

Status Incoming::finish(HeaderMap trailers) {
  if (state_ == Receiving::done || feedback_ == nullptr) return {};
  if (declared_ && received_ != *declared_) {
    return troika::fail(ErrorCode::protocol, "less content than Content-Length says");
  }
  trailers_ = std::move(trailers);
  state_ = Receiving::done;
  wake();
  return {};
}

void Incoming::fail(Error why) noexcept {
  if (state_ == Receiving::done) return;
  error_ = why;
  state_ = Receiving::done;
  wake();
}

void Incoming::detach() noexcept {
  feedback_ = nullptr;
  waker_ = nullptr;
  if (state_ == Receiving::body) state_ = Receiving::stopped;
  queue_.clear();
}

Result<Pulled> Incoming::pull(std::size_t max_bytes) {
  const bool more_may_come = state_ == Receiving::head || state_ == Receiving::body;
  const Reader before = std::exchange(reader_, Reader::reading);
  if (before == Reader::fresh && more_may_come && feedback_ != nullptr) feedback_->on_first_pull();
  if (!queue_.empty()) {
    Slice bytes = queue_.take(std::min(max_bytes, kMaxPull));
    if (feedback_ != nullptr) feedback_->on_consumed(bytes.size());
    return Pulled{PullState::data, std::move(bytes)};
  }
  if (error_) return std::unexpected(*error_);
  if (!more_may_come) {
    reader_ = Reader::at_end;
    if (before != Reader::at_end && feedback_ != nullptr) feedback_->on_end_read();
    return Pulled{PullState::end, {}};
  }
  reader_ = Reader::blocked;
  return Pulled{PullState::blocked, {}};
}

void Incoming::stop(AbortReason reason) noexcept {
  waker_ = nullptr;
  const std::size_t dropped = queue_.size();
  queue_.clear();
  error_.reset();
  const bool first = state_ == Receiving::head || state_ == Receiving::body;
  if (first) state_ = Receiving::stopped;
  if (feedback_ == nullptr) return;
  if (dropped > 0) feedback_->on_consumed(dropped);
  if (first) feedback_->on_stopped(reason);
}

std::optional<std::uint64_t> Incoming::remaining() const noexcept {
  if (!declared_) return std::nullopt;
  const std::uint64_t read = received_ - queue_.size();
  return *declared_ - std::min(*declared_, read);
}

void Incoming::wake() noexcept {
  if (reader_ != Reader::blocked) return;
  reader_ = Reader::reading;
  if (waker_ != nullptr) waker_->wake();
}

}  // namespace troika
