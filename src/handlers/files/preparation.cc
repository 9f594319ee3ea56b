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

// So that listings, which have the same thread, wait for a part of a large file only.
constexpr std::uint64_t kHashedAtOnce = 4U << 20U;

// Both finish a SharedResult of the file, which was claimed, or stop early when nobody waits. They
// fail when the file cannot be read as a whole, as it was when it was opened.

// Derived::digest, which is added to `known`.
class DigestTask final : public Background::Task {
 public:
  DigestTask(Background& background, Ref<CachedFile> file, Ref<DigestTable> known, Permit permit)
      : background_(background),
        file_(std::move(file)),
        known_(std::move(known)),
        permit_(std::move(permit)),
        size_(file_->size()) {}

  void work() noexcept override {
    file_->derived()->digest.begin();
    std::vector<std::byte> piece(kPiece);
    const std::uint64_t end = at_ + std::min(kHashedAtOnce, size_ - at_);
    while (at_ < end) {
      if (!file_->derived()->digest.wanted()) return;
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at_));
      const auto count = file_->file().read_at(at_, std::span(piece).first(wanted));
      if (!count || *count == 0) {
        result_ = fail(ErrorCode::short_body, "the file became shorter");
        return;
      }
      sum_->add(std::span(piece).first(*count));
      at_ += *count;
    }
    if (at_ == size_) result_ = sum_->finish();
  }
  std::uint64_t cost() const noexcept override { return size_ - at_; }
  void finish() override {
    auto& digest = file_->derived()->digest;
    if (!result_) {
      const bool goes_on = digest.wanted() || digest.abandon();
      if (goes_on) background_.post(std::make_unique<DigestTask>(std::move(*this)));
      return;
    }
    if (*result_ && !file_->holds()) result_ = std::unexpected(kChanges);
    // A file that is not settled may change without a trace.
    if (*result_ && file_->is_settled()) known_->add(file_->file().info(), **result_);
    digest.finish(*result_);
  }

 private:
  Background& background_;
  Ref<CachedFile> file_;
  Ref<DigestTable> known_;
  Permit permit_;
  std::uint64_t size_, at_ = 0;
  std::unique_ptr<Sha256Sum> sum_ = std::make_unique<Sha256Sum>();
  std::optional<Result<Sha256>> result_;  // empty: there is more, or nobody waits
};

// Derived::encoded.
class EncodeTask final : public Background::Task {
 public:
  EncodeTask(Background& background, BufferPool& pool, Ref<CachedFile> file, Coding coding,
             Permit permit)
      : background_(background),
        pool_(pool),
        file_(std::move(file)),
        coding_(coding),
        permit_(std::move(permit)),
        size_(static_cast<std::size_t>(file_->size())) {}

  void work() noexcept override {
    encoded().begin();
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
  std::uint64_t cost() const noexcept override { return size_; }
  void finish() override {
    if (!result_) {
      if (encoded().abandon()) background_.post(std::make_unique<EncodeTask>(std::move(*this)));
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
  Permit permit_;
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
  // RFC 9110 §9.3.2: without the length, which is known only once the content is.
  if (!scope_.is_get()) return false;
  auto& encoded = representation_->encoded();
  if (encoded.get() != nullptr) return false;
  StaticSite& site = scope_.site;
  const std::uint64_t size = representation_->file->size();
  if (!encoded.is_claimed() && !site.shared.coded->admits(&scope_.peer, size)) {
    finish(Outcome::busy);
    return true;
  }
  wait_for(encoded, *site.shared.coded, [this](Waited waited) {
    switch (waited) {
      case Waited::made: return proceed();
      case Waited::failed: return finish(Outcome::not_kept);
      case Waited::late: return finish(Outcome::busy);
    }
  });
  if (encoded.claim()) {
    site.coding.post(std::make_unique<EncodeTask>(site.coding, site.pool, representation_->file,
                                                  representation_->coding,
                                                  Permit(site.shared.coded, &scope_.peer, size)));
  }
  return true;
}

bool Preparation::awaits_digest() {
  return !representation_->is_live() && wants_sha256(scope_.request.headers) &&
         representation_->file->size() <= scope_.limits().digest_bytes &&
         awaits_digest([this] { proceed(); });
}

// False: it is known, or cannot be had now. HEAD waits for an entity tag, which is what it asks for
// (RFC 9110 §8.8); a Repr-Digest it has when that is known.
bool Preparation::awaits_digest(std::move_only_function<void()> then) {
  StaticSite& site = scope_.site;
  CachedFile& file = *representation_->file;
  auto& digest = file.derived()->digest;
  if (digest_failed_ || digest.get() != nullptr) return false;
  if (const Sha256* const known = site.shared.digests->find(file.file().info())) {
    digest.finish(*known);
    return false;
  }
  const bool tags = file.tag() == CachedFile::Tag::content;
  if (!tags && !scope_.is_get()) return false;
  const Ref<Admission>& hashed = tags ? site.shared.tagged : site.shared.hashed;
  digest_failed_ = !digest.is_claimed() && !hashed->admits(&scope_.peer, file.size());
  if (digest_failed_) return false;
  wait_for(digest, *hashed, [this, then = std::move(then)](Waited waited) mutable {
    digest_failed_ = waited != Waited::made;
    then();
  });
  if (digest.claim()) {
    Background& hashing = tags ? site.hashing : site.slow;
    hashing.post(std::make_unique<DigestTask>(hashing, representation_->file, site.shared.digests,
                                              Permit(hashed, &scope_.peer, file.size())));
  }
  return true;
}

template <class T>
void Preparation::wait_for(SharedResult<T>& result, Admission& admission, Then then) {
  then_ = std::move(then);
  give_up_ = [&result, &admission] {
    if (result.has_begun()) return false;
    result.keep();
    admission.note_late();
    return true;
  };
  scope_.operation = result.wait([this](const Result<T>& made) {
    patience_->cancel();
    auto done = std::move(then_);
    done(made ? Waited::made : Waited::failed);
  });
  if (!patience_) patience_.emplace(scope_.site.timers, [this] { on_late(); });
  patience_->set(scope_.site.clock.now() + scope_.limits().patience);
}

void Preparation::on_late() {
  if (!give_up_()) return;
  scope_.operation.reset();
  auto done = std::move(then_);
  done(Waited::late);
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
