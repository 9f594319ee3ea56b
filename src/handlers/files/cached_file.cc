#include "handlers/files/cached_file.h"

#include <algorithm>
#include <ctime>
#include <span>
#include <utility>

#include "base/digest64.h"
#include "base/text.h"

namespace troika {

const Sha256* DigestTable::find(const struct stat& file) {
  const auto found = by_key_.find(key_of(file));
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->sum;
}

void DigestTable::add(const struct stat& file, const Sha256& sum) {
  const FileKey key = key_of(file);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    found->second->sum = sum;
    return;
  }
  entries_.push_front({key, sum});
  by_key_.emplace(key, entries_.begin());
  if (entries_.size() <= limit_) return;
  by_key_.erase(entries_.back().key);
  entries_.pop_back();
}

std::size_t FileKeyHash::operator()(const FileKey& key) const noexcept {
  return Digest64().add(std::as_bytes(std::span(key))).value();
}

FileKey key_of(const struct stat& file) noexcept {
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  return {file.st_dev,
          file.st_ino,
          number(file.st_size),
          number(file.st_mtim.tv_sec),
          number(file.st_mtim.tv_nsec),
          number(file.st_ctim.tv_sec),
          number(file.st_ctim.tv_nsec)};
}

std::size_t slab_size(std::size_t size) noexcept {
  for (const std::size_t slab : BufferPool::kSizes) {
    if (size <= slab) return slab;
  }
  return size;
}

Content content_of(BufferPool& pool, std::span<const std::byte> bytes) {
  Content content{.size = bytes.size()};
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), BufferPool::kSizes.back()));
    content.pieces.push_back(pool.copy(piece));
    bytes = bytes.subspan(piece.size());
  }
  return content;
}

std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{std::clamp(time.tv_sec, -kFarthestTime, kFarthestTime)} * 1'000'000'000 +
         time.tv_nsec;
}

FileState::FileState(const struct stat& info) noexcept
    : device(info.st_dev),
      inode(info.st_ino),
      mode(info.st_mode),
      size(info.st_size),
      modified(nanoseconds(info.st_mtim)),
      changed(nanoseconds(info.st_ctim)) {}

Derived::~Derived() {
  use_->bytes -= charged_;
  if (shared_) use_->derived.erase(*shared_);
}

Ref<Derived> Derived::of(const Ref<CacheUse>& use, const struct stat& settled) {
  const FileKey key = key_of(settled);
  if (const auto found = use->derived.find(key); found != use->derived.end()) {
    return Ref<Derived>(found->second);
  }
  auto derived = make_ref<Derived>(use);
  derived->shared_ = key;
  use->derived.emplace(key, derived.get());
  return derived;
}

bool Derived::is_worth_keeping() const noexcept {
  const auto is = [](const auto& made) { return made.get() != nullptr || made.wanted(); };
  return is(digest) || std::ranges::any_of(encoded, is);
}

void Derived::charge(std::size_t bytes) noexcept {
  charged_ += bytes;
  use_->bytes += bytes;
}

Ref<Derived> DerivedStore::take(const FileState& state) {
  const auto found = std::ranges::find(kept_, state, &Kept::state);
  if (found == kept_.end()) return {};
  Ref<Derived> derived = std::move(found->derived);
  kept_.erase(found);
  return derived;
}

void DerivedStore::put(const FileState& state, Ref<Derived> derived) {
  std::erase_if(kept_, [&](const Kept& kept) { return kept.state == state; });
  kept_.push_front({state, std::move(derived)});
}

bool DerivedStore::drop_oldest() {
  for (auto i = kept_.end(); i != kept_.begin();) {
    --i;
    if (!i->derived.unique()) continue;
    kept_.erase(i);
    return true;
  }
  return false;
}

namespace {

// The coarsest timestamps of a file system in use: those of FAT.
constexpr auto kClockStep = std::chrono::seconds(2);

// 1970 (Nix, Bazel), 1980-01-01 (zip) and 1985-10-26 (npm), and times that no clock can have shown.
bool says_nothing(const timespec& time) noexcept {
  if (time.tv_sec < 0 || time.tv_sec > kFarthestTime) return true;
  return time.tv_nsec == 0 && (time.tv_sec == 0 || time.tv_sec == 1 || time.tv_sec == 315'532'800 ||
                               time.tv_sec == 499'162'500);
}

CachedFile::Tag tag_of(const struct stat& info, std::uint64_t content_most) noexcept {
  const bool may_be_shared = S_ISREG(info.st_mode) && info.st_mtim.tv_nsec == 0;
  if (may_be_shared && std::cmp_less_equal(info.st_size, content_most)) {
    return CachedFile::Tag::content;
  }
  return says_nothing(info.st_mtim) ? CachedFile::Tag::changed : CachedFile::Tag::modified;
}

}  // namespace

CachedFile::CachedFile(Ref<CacheUse> use, std::unique_ptr<OpenFile> file, WallTime seen,
                       std::uint64_t content_most)
    : use_(std::move(use)),
      file_(std::move(file)),
      size_(static_cast<std::uint64_t>(std::max<off_t>(file_->info().st_size, 0))),
      tag_(tag_of(file_->info(), content_most)),
      settled_(stamp() <= std::chrono::nanoseconds(seen.time_since_epoch() - kClockStep).count()),
      derived_(settled_ ? Derived::of(use_, file_->info()) : make_ref<Derived>(use_)) {
  ++use_->files;
}

CachedFile::~CachedFile() {
  --use_->files;
  use_->bytes -= charged_;
}

std::int64_t CachedFile::modified() const noexcept { return nanoseconds(file_->info().st_mtim); }

bool CachedFile::is_dated() const noexcept { return !says_nothing(file_->info().st_mtim); }

// The time that changes with the content.
std::int64_t CachedFile::stamp() const noexcept {
  return tag_ == Tag::modified ? modified() : nanoseconds(file_->info().st_ctim);
}

bool CachedFile::is_same(const struct stat& other) const noexcept {
  return state() == FileState(other);
}

bool CachedFile::holds() const noexcept {
  const auto now = file_->now();
  if (!now) return false;
  // Adding or removing a name changes st_ctim, but not the content.
  if (tag_ != Tag::modified || !settled_) return is_same(*now);
  return file_->info().st_size == now->st_size && modified() == nanoseconds(now->st_mtim);
}

std::string_view CachedFile::etag(As as, std::string_view ending) {
  std::string& kept = etags_[is_tagged() ? 1 : 0][static_cast<std::size_t>(as)];
  if (!kept.empty()) return kept;
  const bool stored = as == As::itself || as == As::precompressed || as == As::precoded;
  const bool strong = settled_ && is_tagged() && stored;
  kept = formatted("{}\"{}{}\"", strong ? "" : "W/", opaque(), ending);
  return kept;
}

std::string CachedFile::opaque() const {
  if (const Sha256* const sum = derived_->digest.get(); sum != nullptr && tag_ == Tag::content) {
    return hex(std::span(*sum).first<16>());
  }
  return formatted("{:x}-{}{:x}", size_, tag_ == Tag::modified ? "" : "c", stamp());
}

void CachedFile::charge(std::size_t bytes) noexcept {
  charged_ += bytes;
  use_->bytes += bytes;
}

}  // namespace troika
