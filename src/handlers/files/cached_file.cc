#include "handlers/files/cached_file.h"

#include <algorithm>
#include <format>
#include <utility>

namespace troika {
namespace {

// The coarsest clock of a file system in use: FAT's.
constexpr auto kClockStep = std::chrono::seconds(2);

// 1970 (Nix, Bazel), 1980-01-01 (zip) and 1985-10-26 (npm); and what no clock of today has shown.
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
                       std::uint64_t content_most, Ref<Derived> derived)
    : use_(std::move(use)),
      file_(std::move(file)),
      derived_(derived ? std::move(derived) : make_ref<Derived>(use_)),
      size_(static_cast<std::uint64_t>(std::max<off_t>(file_->info().st_size, 0))),
      tag_(tag_of(file_->info(), content_most)),
      settled_(stamp() <= std::chrono::nanoseconds(seen.time_since_epoch() - kClockStep).count()) {
  ++use_->files;
}

CachedFile::~CachedFile() {
  --use_->files;
  use_->bytes -= charged_;
}

std::int64_t CachedFile::modified() const noexcept { return nanoseconds(file_->info().st_mtim); }

bool CachedFile::is_dated() const noexcept { return !says_nothing(file_->info().st_mtim); }

// What changes with the content.
std::int64_t CachedFile::stamp() const noexcept {
  return tag_ == Tag::modified ? modified() : nanoseconds(file_->info().st_ctim);
}

bool CachedFile::is_same(const struct stat& other) const noexcept {
  return state() == FileState(other);
}

bool CachedFile::holds() const noexcept {
  const auto now = file_->now();
  if (!now) return false;
  // A name that is taken away or given changes st_ctim and no content.
  if (tag_ != Tag::modified || !settled_) return is_same(*now);
  return file_->info().st_size == now->st_size && modified() == nanoseconds(now->st_mtim);
}

std::string CachedFile::etag(As as, std::string_view ending) {
  std::string& kept = etags_[static_cast<std::size_t>(as)];
  if (!kept.empty()) return kept;
  const bool stored = as == As::itself || as == As::precompressed || as == As::precoded;
  const bool strong = settled_ && is_tagged() && stored;
  std::string etag = std::format("{}\"{}{}\"", strong ? "" : "W/", opaque(), ending);
  if (is_tagged()) kept = etag;
  return etag;
}

std::string CachedFile::opaque() const {
  if (const Sha256* const sum = derived_->digest.get(); sum != nullptr && tag_ == Tag::content) {
    return hex(std::span(*sum).first<16>());
  }
  return std::format("{:x}-{}{:x}", size_, tag_ == Tag::modified ? "" : "c", stamp());
}

void CachedFile::charge(std::size_t bytes) noexcept {
  charged_ += bytes;
  use_->bytes += bytes;
}

}  // namespace troika
