#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ownership.h"
#include "base/time.h"
#include "handlers/compress/zstd_fit.h"
#include "handlers/files/derived.h"
#include "http/message/fields.h"
#include "ports/file_reader.h"

namespace troika {

// An open file or folder as it was at one moment, with all that was worked out from it. A file that
// has changed is another CachedFile; answers under way keep theirs.
class CachedFile final : public Counted {
 public:
  // In what way it is served; each has a header block of its own.
  enum class As : std::uint8_t { itself, precompressed, precoded, live_br, live_zstd, live_gzip };
  // What tells one state of it from another.
  enum class Tag : std::uint8_t {
    modified,  // its size and the time of its modification
    changed,   // its size and the time of the inode's last change, when the other says nothing
    content    // its digest, when that time has no fraction: many states may have the same
  };

  // Of files above `content_most` bytes the content is no tag. `derived`: what is known of a file
  // in this state; null: nothing yet.
  CachedFile(Ref<CacheUse> use, std::unique_ptr<OpenFile> file, WallTime seen,
             std::uint64_t content_most, Ref<Derived> derived = {});
  ~CachedFile();

  OpenFile& file() const noexcept { return *file_; }
  bool is_regular() const noexcept { return S_ISREG(file_->info().st_mode); }
  bool is_folder() const noexcept { return S_ISDIR(file_->info().st_mode); }
  std::uint64_t size() const noexcept { return size_; }
  // Nanoseconds since 1970; beyond what 64 bits hold, times are as good as equal.
  std::int64_t modified() const noexcept;
  // False of a time before 1970 or beyond 2255, and of those that reproducible builds and package
  // managers give to all files: they say nothing of it.
  bool is_dated() const noexcept;
  Tag tag() const noexcept { return tag_; }
  // What tag() names is known. A content's tag waits for the digest.
  bool is_tagged() const noexcept {
    return tag_ != Tag::content || derived_->digest.get() != nullptr;
  }
  // What is newer than its file system's clock can tell apart may yet change unnoticed.
  bool is_settled() const noexcept { return settled_; }
  // The same file in the same state, as far as a file system tells.
  bool is_same(const struct stat& other) const noexcept;
  // Whether it still has the content that it had when it was opened. It may have lost its name.
  bool holds() const noexcept;
  // RFC 9110 §8.8.3, as docs/static-files.md has it; a weak one of its times for as long as it is
  // not tagged. `ending` is ".br", say, of a precompressed, "+br" of a live coder, and always the
  // same for one way of serving.
  std::string etag(As as, std::string_view ending);

  FileState state() const noexcept { return FileState(file_->info()); }
  const Ref<Derived>& derived() const noexcept { return derived_; }

  // Counts bytes that are kept here against the cache.
  void charge(std::size_t bytes) noexcept;

  Slice body{};                                      // all of a small file, once it was read
  std::array<std::optional<HeaderMap>, 6> fields{};  // by As
  // By Coding; identity: no file beside it of which it is a precompressed.
  std::array<TimePoint, 4> no_precompressed_until{};
  std::optional<ZstdFit> zstd{};  // of a file that is to be sent with that coding, once looked at

 private:
  std::int64_t stamp() const noexcept;
  std::string opaque() const;

  Ref<CacheUse> use_;
  std::unique_ptr<OpenFile> file_;
  Ref<Derived> derived_;
  std::array<std::string, 6> etags_;  // by As
  std::uint64_t size_;
  std::size_t charged_ = 0;
  Tag tag_;
  bool settled_;
};

}  // namespace troika
