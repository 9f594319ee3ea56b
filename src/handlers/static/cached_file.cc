#include "handlers/static/cached_file.h"

#include <algorithm>
#include <format>

namespace troika {
namespace {

// The coarsest clock of a file system in use: FAT's.
constexpr auto kClockStep = std::chrono::seconds(2);

// 1970 (Nix, Bazel), 1980-01-01 (zip) and 1985-10-26 (npm).
bool says_nothing(const timespec& time) noexcept {
  return time.tv_nsec == 0 && (time.tv_sec == 0 || time.tv_sec == 1 || time.tv_sec == 315'532'800 ||
                               time.tv_sec == 499'162'500);
}

}  // namespace

CachedFile::CachedFile(Ref<CacheUse> use, std::unique_ptr<OpenFile> file, WallTime seen,
                       Ref<Derived> derived)
    : use_(std::move(use)),
      file_(std::move(file)),
      derived_(derived ? std::move(derived) : make_ref<Derived>(use_)),
      size_(static_cast<std::uint64_t>(std::max<off_t>(file_->info().st_size, 0))),
      settled_(std::chrono::nanoseconds(seen.time_since_epoch()) -
                   std::chrono::nanoseconds(stamp()) >=
               kClockStep) {
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
  return is_dated() ? modified() : nanoseconds(file_->info().st_ctim);
}

bool CachedFile::is_same(const struct stat& other) const noexcept {
  return state() == FileState(other);
}

bool CachedFile::holds() const noexcept {
  const auto now = file_->now();
  if (!now) return false;
  // A name that is taken away or given changes st_ctim and no content.
  if (!is_dated() || !settled_) return is_same(*now);
  return file_->info().st_size == now->st_size && modified() == nanoseconds(now->st_mtim);
}

const std::string& CachedFile::etag(As as, std::string_view ending) {
  std::string& etag = etags_[static_cast<std::size_t>(as)];
  if (etag.empty()) {
    const bool strong = settled_ && (as == As::itself || as == As::sidecar);
    etag = std::format("{}\"{:x}-{}{:x}{}\"", strong ? "" : "W/", size_, is_dated() ? "" : "c",
                       stamp(), ending);
  }
  return etag;
}

void CachedFile::charge(std::size_t bytes) noexcept {
  charged_ += bytes;
  use_->bytes += bytes;
}

}  // namespace troika
