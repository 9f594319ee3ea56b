#include "handlers/static/cached_file.h"

#include <algorithm>
#include <format>

namespace troika {
namespace {

// The coarsest clock of a file system in use: FAT's.
constexpr auto kClockStep = std::chrono::seconds(2);

// Beyond what 64 bits of nanoseconds hold, times are as good as equal.
std::int64_t nanoseconds(const timespec& time) noexcept {
  constexpr std::time_t kFarthest = 9'000'000'000;  // year 2255
  return std::int64_t{std::clamp(time.tv_sec, -kFarthest, kFarthest)} * 1'000'000'000 +
         time.tv_nsec;
}

// 1970 (Nix, Bazel), 1980-01-01 (zip) and 1985-10-26 (npm).
bool says_nothing(const timespec& time) noexcept {
  return time.tv_nsec == 0 && (time.tv_sec == 0 || time.tv_sec == 1 || time.tv_sec == 315'532'800 ||
                               time.tv_sec == 499'162'500);
}

}  // namespace

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

CachedFile::CachedFile(Ref<CacheUse> use, std::unique_ptr<OpenFile> file, WallTime seen)
    : use_(std::move(use)),
      file_(std::move(file)),
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
  const struct stat& mine = file_->info();
  return mine.st_dev == other.st_dev && mine.st_ino == other.st_ino &&
         mine.st_mode == other.st_mode && mine.st_size == other.st_size &&
         nanoseconds(mine.st_mtim) == nanoseconds(other.st_mtim) &&
         nanoseconds(mine.st_ctim) == nanoseconds(other.st_ctim);
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
