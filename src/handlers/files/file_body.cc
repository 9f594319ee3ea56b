#include "handlers/files/file_body.h"

#include <algorithm>
#include <utility>

namespace troika {
namespace {

// A peer that opens its window a byte at a time must not cost a system call and a slab for each.
constexpr std::size_t kLeastRead = 16U << 10U;

}  // namespace

Result<Pulled> FileBody::pull(std::size_t max_bytes) {
  if (left_ == 0) return Pulled{};
  if (ready_.empty() && !failed_ && !reading_) read(max_bytes);
  if (failed_) return std::unexpected(*failed_);
  if (ready_.empty()) {
    blocked_ = true;
    return Pulled{PullState::blocked, {}};
  }
  Slice bytes = ready_.sub(0, std::min({ready_.size(), max_bytes, kMaxPull}));
  ready_.remove_prefix(bytes.size());
  if (ready_.empty()) ready_ = Slice();  // gives the slab back as soon as the reader does
  left_ -= bytes.size();
  return Pulled{PullState::data, std::move(bytes)};
}

void FileBody::read(std::size_t max_bytes) {
  const std::uint64_t wanted =
      std::min<std::uint64_t>(std::clamp(max_bytes, kLeastRead, kMaxPull), left_);
  reading_ = true;
  operation_ = reader_.read(file_->file(), offset_, static_cast<std::size_t>(wanted),
                            [this](Result<Slice> bytes) { on_read(std::move(bytes)); });
}

void FileBody::on_read(Result<Slice> bytes) {
  reading_ = false;
  if (!bytes) {
    failed_ = bytes.error();
  } else if (bytes->empty()) {
    failed_ = Error{ErrorCode::short_body, "the file became shorter while it was sent"};
  } else {
    ready_ = std::move(*bytes);
    offset_ += ready_.size();
  }
  if (std::exchange(blocked_, false) && waker_ != nullptr) waker_->wake();
}

void FileBody::stop(AbortReason) noexcept {
  waker_ = nullptr;
  operation_.reset();
  ready_ = Slice();
  failed_ = Error{ErrorCode::closed, "nobody reads this body any more"};
}

}  // namespace troika
