#include "handlers/static/computations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "handlers/compress/encoder.h"

namespace troika {
namespace {

constexpr std::size_t kPiece = 256U << 10U;

// Bytes that were read while the file changed belong to no entity tag.
Status unchanged(const CachedFile& file) {
  const auto now = file.file().now();
  if (!now) return std::unexpected(now.error());
  if (!file.is_same(*now)) return fail(ErrorCode::unavailable, "the file changes");
  return {};
}

class DigestTask final : public Background::Task {
 public:
  explicit DigestTask(Ref<CachedFile> file) : file_(std::move(file)), size_(file_->size()) {}

  void work() noexcept override {
    Sha256Sum sum;
    std::vector<std::byte> piece(kPiece);
    for (std::uint64_t at = 0; at < size_;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size_ - at));
      const auto count = file_->file().read_at(at, std::span(piece).first(wanted));
      if (!count || *count == 0) {
        result_ = fail(ErrorCode::short_body, "the file became shorter");
        return;
      }
      sum.add(std::span(piece).first(*count));
      at += *count;
    }
    result_ = sum.finish();
  }
  void finish() override {
    if (const Status same = unchanged(*file_); !same) result_ = std::unexpected(same.error());
    file_->digest.set(std::move(result_));
  }

 private:
  Ref<CachedFile> file_;
  std::uint64_t size_;
  Result<Sha256> result_;
};

class EncodeTask final : public Background::Task {
 public:
  EncodeTask(BufferPool& pool, Ref<CachedFile> file, Coding coding)
      : pool_(pool),
        file_(std::move(file)),
        coding_(coding),
        size_(static_cast<std::size_t>(file_->size())),
        encoder_(make_encoder(coding, Effort::whole)) {}

  void work() noexcept override {
    std::vector<std::byte> all(size_);
    const auto count = file_->file().read_at(0, all);
    if (!count || *count != size_) {
      status_ = fail(ErrorCode::short_body, "the file became shorter");
      return;
    }
    status_ = encoder_->write(all, true, [this](std::span<const std::byte> bytes) {
      out_.insert(out_.end(), bytes.begin(), bytes.end());
    });
    encoder_.reset();
  }
  void finish() override {
    if (status_) status_ = unchanged(*file_);
    auto& encoded = file_->encoded[static_cast<std::size_t>(coding_)];
    if (!status_) return encoded.set(std::unexpected(status_.error()));
    file_->charge(out_.size());
    encoded.set(content_of(pool_, out_));
  }

 private:
  BufferPool& pool_;
  Ref<CachedFile> file_;
  Coding coding_;
  std::size_t size_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<std::byte> out_;
  Status status_;
};

}  // namespace

void compute_digest(Background& background, Ref<CachedFile> file) {
  background.post(std::make_unique<DigestTask>(std::move(file)));
}

void compute_encoded(Background& background, BufferPool& pool, Ref<CachedFile> file,
                     Coding coding) {
  background.post(std::make_unique<EncodeTask>(pool, std::move(file), coding));
}

}  // namespace troika
