#include "handlers/files/computations.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "handlers/compress/encoder.h"

namespace troika {
namespace {

constexpr std::size_t kPiece = 256U << 10U;

// Bytes that were read while the file changed belong to no entity tag.
constexpr Error kChanges{ErrorCode::unavailable, "the file changes"};

class DigestTask final : public Background::Task {
 public:
  DigestTask(Background& background, Ref<CachedFile> file, Ref<DigestTable> known, LivePlace place)
      : background_(background),
        file_(std::move(file)),
        known_(std::move(known)),
        place_(std::move(place)),
        size_(file_->size()) {}

  void work() noexcept override {
    Sha256Sum sum;
    std::vector<std::byte> piece(kPiece);
    for (std::uint64_t at = 0; at < size_;) {
      if (!file_->derived()->digest.wanted()) return;
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
    if (!result_) {
      if (file_->derived()->digest.abandon()) {
        compute_digest(background_, file_, known_, std::move(place_));
      }
      return;
    }
    if (*result_ && !file_->holds()) result_ = std::unexpected(kChanges);
    // What is not settled may change without a trace.
    if (*result_ && file_->tag() == CachedFile::Tag::content && file_->is_settled()) {
      known_->add(file_->file().info(), **result_);
    }
    file_->derived()->digest.finish(*result_);
  }

 private:
  Background& background_;
  Ref<CachedFile> file_;
  Ref<DigestTable> known_;
  LivePlace place_;
  std::uint64_t size_;
  std::optional<Result<Sha256>> result_;  // empty: nobody waited
};

class EncodeTask final : public Background::Task {
 public:
  EncodeTask(Background& background, BufferPool& pool, Ref<CachedFile> file, Coding coding)
      : background_(background),
        pool_(pool),
        file_(std::move(file)),
        coding_(coding),
        size_(static_cast<std::size_t>(file_->size())) {}

  void work() noexcept override {
    if (!encoded().wanted()) return;
    std::vector<std::byte> all(size_);
    const auto count = file_->file().read_at(0, all);
    if (!count || *count != size_) {
      result_ = fail(ErrorCode::short_body, "the file became shorter");
      return;
    }
    const auto encoder = make_encoder(coding_, Effort::whole);
    result_ = encoder->write(all, true, [this](std::span<const std::byte> bytes) {
      out_.insert(out_.end(), bytes.begin(), bytes.end());
    });
    digest_ = sha256(out_);
  }
  void finish() override {
    if (!result_) {
      if (encoded().abandon()) compute_encoded(background_, pool_, file_, coding_);
      return;
    }
    if (!*result_) return encoded().finish(std::unexpected(result_->error()));
    if (!file_->holds()) return encoded().finish(std::unexpected(kChanges));
    Encoded made{content_of(pool_, out_), digest_};
    for (const Slice& piece : made.content.pieces)
      file_->derived()->charge(slab_size(piece.size()));
    encoded().finish(std::move(made));
  }

 private:
  Awaited<Encoded>& encoded() const noexcept {
    return file_->derived()->encoded[static_cast<std::size_t>(coding_)];
  }

  Background& background_;
  BufferPool& pool_;
  Ref<CachedFile> file_;
  Coding coding_;
  std::size_t size_;
  std::vector<std::byte> out_;
  Sha256 digest_{};
  std::optional<Status> result_;  // empty: nobody waited
};

}  // namespace

void compute_digest(Background& background, Ref<CachedFile> file, Ref<DigestTable> known,
                    LivePlace place) {
  background.post(std::make_unique<DigestTask>(background, std::move(file), std::move(known),
                                               std::move(place)));
}

void compute_encoded(Background& background, BufferPool& pool, Ref<CachedFile> file,
                     Coding coding) {
  background.post(std::make_unique<EncodeTask>(background, pool, std::move(file), coding));
}

}  // namespace troika
