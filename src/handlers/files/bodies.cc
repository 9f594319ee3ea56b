#include "handlers/files/bodies.h"

#include <algorithm>
#include <utility>

namespace troika {
namespace {

// Without it, a peer that opens its window byte by byte costs a system call and a slab for each
// byte.
constexpr std::size_t kLeastRead = 4096;

}  // namespace

Result<Pulled> FileBody::pull(std::size_t max_bytes) {
  if (left_ == 0) return Pulled{};
  if (ready_.empty() && !failed_ && !reading_) read(max_bytes);
  if (failed_) return std::unexpected(*failed_);
  if (ready_.empty()) {
    blocked_ = true;
    return Pulled{PullState::blocked, {}};
  }
  const std::size_t gap = piece_left_ == 0 ? pieces_.gap : 0;
  if (piece_left_ == 0) piece_left_ = std::min(ready_.size() - gap, pieces_.bytes);
  Slice bytes = ready_.take(gap, std::min(piece_left_, max_bytes));
  piece_left_ -= bytes.size();
  left_ -= bytes.size();
  return Pulled{PullState::data, std::move(bytes)};
}

// As many pieces as fit a slab, or one. A reader that has less room gets just that: what it leaves
// would hold a whole slab, perhaps for long.
void FileBody::read(std::size_t max_bytes) {
  const bool room = max_bytes >= preferred_.bytes;
  pieces_ = room ? preferred_ : Pieces();
  const std::size_t all = pieces_.content_of(kMaxPull);
  const std::size_t fitting = expected_ >= all ? all : std::min(all, pieces_.bytes);
  const std::size_t most = room ? fitting : std::clamp(max_bytes, kLeastRead, kMaxPull);
  reading_ = true;
  operation_ = reader_.read_pieces(
      file_->file(), offset_, static_cast<std::size_t>(std::min<std::uint64_t>(most, left_)),
      pieces_, [this](Result<Slice> bytes) { on_read(std::move(bytes)); });
}

void FileBody::on_read(Result<Slice> bytes) {
  reading_ = false;
  if (!bytes) {
    failed_ = bytes.error();
  } else if (bytes->empty()) {
    failed_ = Error{ErrorCode::short_body, "the file became shorter while it was sent"};
  } else {
    ready_ = std::move(*bytes);
    piece_left_ = 0;
    offset_ += pieces_.content_of(ready_.size());
  }
  if (std::exchange(blocked_, false) && waker_ != nullptr) waker_->wake();
}

void FileBody::stop(AbortReason) noexcept {
  waker_ = nullptr;
  operation_.reset();
  ready_ = Slice();
  failed_ = Error{ErrorCode::closed, "nobody reads this body any more"};
}

namespace {

class ContentBody final : public BodySource {
 public:
  ContentBody(Content content, Permit permit, Ref<CachedFile> file)
      : pieces_(std::move(content.pieces)),
        left_(content.size),
        permit_(std::move(permit)),
        file_(std::move(file)) {}

  Result<Pulled> pull(std::size_t max_bytes) override {
    if (left_ == 0) return Pulled{};
    Slice& first = pieces_[at_];
    Slice bytes = first.sub(0, std::min({first.size(), max_bytes, kMaxPull}));
    first.remove_prefix(bytes.size());
    if (first.empty()) pieces_[at_++] = Slice();
    left_ -= bytes.size();
    return Pulled{PullState::data, std::move(bytes)};
  }
  void set_waker(Waker*) noexcept override {}
  void stop(AbortReason) noexcept override {
    pieces_.clear();
    left_ = 0;
  }
  std::optional<std::uint64_t> remaining() const noexcept override { return left_; }
  std::size_t held() const noexcept override {
    return sizeof(*this) + (file_ ? 0 : static_cast<std::size_t>(left_));
  }

 private:
  std::vector<Slice> pieces_;
  std::size_t at_ = 0;
  std::uint64_t left_;
  Permit permit_;
  Ref<CachedFile> file_;
};

// A part of a file that is kept in memory.
class SliceBody final : public BodySource {
 public:
  SliceBody(Slice bytes, Ref<CachedFile> file) : rest_(std::move(bytes)), file_(std::move(file)) {}

  Result<Pulled> pull(std::size_t max_bytes) override {
    if (rest_.empty()) return Pulled{};
    Slice bytes = rest_.sub(0, std::min({rest_.size(), max_bytes, kMaxPull}));
    rest_.remove_prefix(bytes.size());
    return Pulled{PullState::data, std::move(bytes)};
  }
  void set_waker(Waker*) noexcept override {}
  void stop(AbortReason) noexcept override { rest_ = Slice(); }
  std::optional<std::uint64_t> remaining() const noexcept override { return rest_.size(); }

 private:
  Slice rest_;
  Ref<CachedFile> file_;  // while it is sent, the memory counts as the file's
};

class JoinedBody final : public BodySource {
 public:
  using Next = std::move_only_function<std::unique_ptr<BodySource>()>;
  JoinedBody(Next next, std::uint64_t size) : next_(std::move(next)), left_(size) { go_on(); }

  Result<Pulled> pull(std::size_t max_bytes) override {
    while (part_ != nullptr) {
      part_->expect(expected_);
      auto pulled = part_->pull(max_bytes);
      if (pulled) left_ -= pulled->bytes.size();
      if (!pulled || pulled->state != PullState::end) return pulled;
      go_on();
    }
    return Pulled{};
  }
  void set_waker(Waker* waker) noexcept override {
    waker_ = waker;
    if (part_ != nullptr) part_->set_waker(waker);
  }
  void prefer(const Pieces& pieces) noexcept override {
    preferred_ = pieces;
    if (part_ != nullptr) part_->prefer(pieces);
  }
  void expect(std::size_t bytes) noexcept override { expected_ = bytes; }
  void stop(AbortReason reason) noexcept override {
    if (part_ != nullptr) part_->stop(reason);
    part_.reset();
  }
  std::size_t held() const noexcept override {
    return sizeof(*this) + (part_ != nullptr ? part_->held() : 0);
  }
  std::optional<std::uint64_t> remaining() const noexcept override { return left_; }

 private:
  void go_on() {
    part_ = next_();
    if (part_ == nullptr) return;
    if (preferred_) part_->prefer(*preferred_);
    part_->set_waker(waker_);
  }

  Next next_;
  std::unique_ptr<BodySource> part_;  // null: all have ended, or nobody reads any more
  std::uint64_t left_;
  std::optional<Pieces> preferred_;
  std::size_t expected_ = kMaxPull;
  Waker* waker_ = nullptr;
};

class UnsizedBody final : public BodySource {
 public:
  Result<Pulled> pull(std::size_t) override { return Pulled{}; }
  void set_waker(Waker*) noexcept override {}
};

}  // namespace

std::unique_ptr<BodySource> unsized_body() { return std::make_unique<UnsizedBody>(); }

std::unique_ptr<BodySource> content_body(Content content, Permit permit) {
  return std::make_unique<ContentBody>(std::move(content), std::move(permit), Ref<CachedFile>());
}

std::unique_ptr<BodySource> content_body(Content content, Ref<CachedFile> file) {
  return std::make_unique<ContentBody>(std::move(content), Permit(), std::move(file));
}

std::unique_ptr<BodySource> file_body(FileReader& files, const Ref<CachedFile>& file,
                                      std::uint64_t offset, std::uint64_t size) {
  if (file->body.empty()) return std::make_unique<FileBody>(files, file, offset, size);
  return std::make_unique<SliceBody>(
      file->body.sub(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)), file);
}

std::unique_ptr<BodySource> joined_body(std::move_only_function<std::unique_ptr<BodySource>()> next,
                                        std::uint64_t size) {
  return std::make_unique<JoinedBody>(std::move(next), size);
}

}  // namespace troika
