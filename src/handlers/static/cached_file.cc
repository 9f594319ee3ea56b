#include "handlers/static/cached_file.h"

#include <algorithm>
#include <format>

namespace troika {
namespace {

// The coarsest clock of a file system in use: FAT's.
constexpr auto kClockStep = std::chrono::seconds(2);

std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool is_settled(const struct stat& info, WallTime seen) noexcept {
  const std::chrono::nanoseconds modified(nanoseconds(info.st_mtim));
  return std::chrono::nanoseconds(seen.time_since_epoch()) - modified >= kClockStep;
}

}  // namespace

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
      settled_(troika::is_settled(file_->info(), seen)) {
  ++use_->files;
}

CachedFile::~CachedFile() {
  --use_->files;
  use_->bytes -= charged_;
}

std::int64_t CachedFile::modified() const noexcept { return nanoseconds(file_->info().st_mtim); }

bool CachedFile::is_same(const struct stat& other) const noexcept {
  const struct stat& mine = file_->info();
  return mine.st_dev == other.st_dev && mine.st_ino == other.st_ino &&
         mine.st_mode == other.st_mode && mine.st_size == other.st_size &&
         nanoseconds(mine.st_mtim) == nanoseconds(other.st_mtim) &&
         nanoseconds(mine.st_ctim) == nanoseconds(other.st_ctim);
}

const std::string& CachedFile::etag(As as, std::string_view ending) {
  std::string& etag = etags_[static_cast<std::size_t>(as)];
  if (etag.empty()) {
    const bool strong = settled_ && (as == As::itself || as == As::sidecar);
    etag = std::format("{}\"{:x}-{:x}{}\"", strong ? "" : "W/", size_, modified(), ending);
  }
  return etag;
}

void CachedFile::charge(std::size_t bytes) noexcept {
  charged_ += bytes;
  use_->bytes += bytes;
}

}  // namespace troika
