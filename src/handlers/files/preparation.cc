#include "handlers/files/preparation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "handlers/compress/encoder.h"
#include "handlers/digest.h"
#include "handlers/files/cached_file.h"

namespace troika {
namespace {

constexpr std::size_t kPiece = 256U << 10U;

// No entity tag fits bytes that were read while the file changed.
constexpr Error kChanges{ErrorCode::unavailable, "the file changes"};

// Both finish a SharedResult of the file, which was claimed, or stop early when nobody waits. They
// fail when the file cannot be read as a whole, as it was when it was opened.

// Derived::digest. A digest that is the entity tag is added to `known`.
class DigestTask final : public Background::Task {
 public:
  DigestTask(Background& background, Ref<CachedFile> file, Ref<DigestTable> known, Permit permit)
      : background_(background),
        file_(std::move(file)),
        known_(std::move(known)),
        permit_(std::move(permit)),
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
        background_.post(
            std::make_unique<DigestTask>(background_, file_, known_, std::move(permit_)));
      }
      return;
    }
    if (*result_ && !file_->holds()) result_ = std::unexpected(kChanges);
    // A file that is not settled may change without a trace.
    if (*result_ && file_->tag() == CachedFile::Tag::content && file_->is_settled()) {
      known_->add(file_->file().info(), **result_);
    }
    file_->derived()->digest.finish(*result_);
  }

 private:
  Background& background_;
  Ref<CachedFile> file_;
  Ref<DigestTable> known_;
  Permit permit_;
  std::uint64_t size_;
  std::optional<Result<Sha256>> result_;  // empty: nobody waits
};

// Derived::encoded.
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
      if (encoded().abandon()) {
        background_.post(std::make_unique<EncodeTask>(background_, pool_, file_, coding_));
      }
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
  SharedResult<Encoded>& encoded() const noexcept {
    return file_->derived()->encoded[static_cast<std::size_t>(coding_)];
  }

  Background& background_;
  BufferPool& pool_;
  Ref<CachedFile> file_;
  Coding coding_;
  std::size_t size_;
  std::vector<std::byte> out_;
  Sha256 digest_{};
  std::optional<Status> result_;  // empty: nobody waits
};

}  // namespace

void Preparation::prepare(const Representation& representation, Done done) {
  representation_ = &representation;
  done_ = std::move(done);
  evaluate();
}

// Preconditions need the entity tag.
void Preparation::evaluate() {
  if (!representation_->file->is_tagged() && awaits_digest([this] { evaluate(); })) return;
  selection_ = select(scope_.request, *representation_, scope_.site.clock.wall());
  if (selection_.kind == Selection::Kind::precondition_failed) return finish(Outcome::ready);
  step_ = Step::encoded;
  proceed();
}

// Each step waits for one thing and comes back here.
void Preparation::proceed() {
  scope_.site.cache.trim();
  switch (step_) {
    case Step::encoded:
      step_ = Step::digest;
      if (awaits_encoded()) return;
      [[fallthrough]];
    case Step::digest:
      step_ = Step::body;
      if (awaits_digest()) return;
      [[fallthrough]];
    case Step::body:
      step_ = Step::check;
      if (awaits_body()) return;
      [[fallthrough]];
    case Step::check: return finish(is_outdated() ? Outcome::outdated : Outcome::ready);
  }
}

bool Preparation::awaits_encoded() {
  const bool wanted =
      selection_.kind != Selection::Kind::not_modified || wants_sha256(scope_.request.headers);
  if (representation_->form != Representation::Form::kept || !wanted) return false;
  auto& encoded = representation_->encoded();
  if (encoded.get() != nullptr) return false;
  scope_.operation = encoded.wait([this](const Result<Encoded>& made) {
    if (!made) return finish(Outcome::not_kept);
    proceed();
  });
  if (encoded.claim()) {
    Background& coding = scope_.site.coding;
    coding.post(std::make_unique<EncodeTask>(coding, scope_.site.pool, representation_->file,
                                             representation_->coding));
  }
  return true;
}

bool Preparation::awaits_digest() {
  return !representation_->is_live() &&
         representation_->file->size() <= scope_.limits().digest_bytes &&
         wants_sha256(scope_.request.headers) && awaits_digest([this] { proceed(); });
}

// False: it is known, or cannot be had now. Even a HEAD request causes this work, so the number of
// files that wait for it is limited.
bool Preparation::awaits_digest(std::move_only_function<void()> then) {
  StaticSite& site = scope_.site;
  CachedFile& file = *representation_->file;
  auto& digest = file.derived()->digest;
  if (digest_failed_ || digest.get() != nullptr) return false;
  const bool tags = file.tag() == CachedFile::Tag::content;
  if (const Sha256* const known = tags ? site.digests->find(file.file().info()) : nullptr) {
    digest.finish(*known);
    return false;
  }
  digest_failed_ = !digest.is_claimed() && site.hashed->is_exhausted();
  if (digest_failed_) return false;
  scope_.operation = digest.wait([this, then = std::move(then)](const Result<Sha256>& sum) mutable {
    digest_failed_ = !sum;
    then();
  });
  if (digest.claim()) {
    Background& hashing = tags ? site.hashing : site.slow;
    hashing.post(std::make_unique<DigestTask>(hashing, representation_->file, site.digests,
                                              Permit(site.hashed)));
  }
  return true;
}

bool Preparation::awaits_body() {
  const bool sends = scope_.is_get() && !representation_->is_live() &&
                     selection_.kind != Selection::Kind::not_modified &&
                     selection_.kind != Selection::Kind::unsatisfiable;
  if (!sends) return false;
  scope_.await(scope_.site.cache.load(representation_->file, [this] { proceed(); }));
  return true;
}

// A file that is going to be read from the disk must still be the one that was opened. If it is
// not, it is looked for once more; a file that keeps changing is sent as it comes.
bool Preparation::is_outdated() {
  const CachedFile& file = *representation_->file;
  const bool in_memory = representation_->form == Representation::Form::kept || !file.body.empty();
  if (in_memory || !scope_.is_get() || selection_.kind == Selection::Kind::not_modified ||
      file.size() == 0 || retried_ || file.holds()) {
    return false;
  }
  retried_ = true;
  digest_failed_ = false;
  return true;
}

void Preparation::finish(Outcome outcome) {
  auto done = std::move(done_);
  done(outcome);
}

}  // namespace troika
