#pragma once
#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/ownership.h"
#include "base/time.h"
#include "handlers/compress/zstd_fit.h"
#include "handlers/digest.h"
#include "handlers/files/shared_result.h"
#include "handlers/media_type.h"
#include "http/message/fields.h"
#include "http/semantics/negotiation.h"
#include "ports/file_reader.h"

namespace troika {

// What tells one state of a file from another, whatever its name: device, inode, size and times.
using FileKey = std::array<std::uint64_t, 7>;
FileKey key_of(const struct stat& file) noexcept;
struct FileKeyHash {
  std::size_t operator()(const FileKey& key) const noexcept;
};

// Digests of files by device, inode, size and times; names do not matter, and the files need not be
// open. When it is full, the least recently used digest is dropped.
class DigestTable final : public Counted {
 public:
  explicit DigestTable(std::size_t limit) noexcept : limit_(limit) {}

  // Null if unknown; valid until the next add().
  const Sha256* find(const struct stat& file);
  // `sum` must be the digest of the file as long as it has these times.
  void add(const struct stat& file, const Sha256& sum);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    FileKey key;
    Sha256 sum;
  };
  using Entries = std::list<Entry>;  // the most recently used first

  std::size_t limit_;
  Entries entries_;
  std::unordered_map<FileKey, Entries::iterator, FileKeyHash> by_key_;
};

class Derived;

// Resources used by the files of one cache: those that it keeps and those that are being sent.
struct CacheUse final : Counted {
  std::size_t files = 0;                                         // open
  std::size_t bytes = 0;                                         // of bodies
  std::unordered_map<FileKey, Derived*, FileKeyHash> derived{};  // of settled files
};

// A body in memory, in pieces of at most 64 KiB.
struct Content {
  std::vector<Slice> pieces{};
  std::uint64_t size = 0;
};
// A file that was compressed as a whole.
struct Encoded {
  Content content;
  Sha256 digest{};
};
// Memory that a slice of that size takes from its pool.
std::size_t slab_size(std::size_t size) noexcept;
Content content_of(BufferPool& pool, std::span<const std::byte> bytes);

// Seconds since 1970: the year 2255, whose nanoseconds still fit in 64 bits.
inline constexpr std::time_t kFarthestTime = 9'000'000'000;

// Nanoseconds since 1970; times beyond kFarthestTime are equal.
std::int64_t nanoseconds(const timespec& time) noexcept;

// Identity and state of a file, as far as the file system tells.
struct FileState {
  explicit FileState(const struct stat& info) noexcept;
  bool operator==(const FileState&) const = default;

  dev_t device;
  ino_t inode;
  mode_t mode;
  off_t size;
  std::int64_t modified, changed;  // nanoseconds since 1970
};

// Results computed from a file's content. They need no descriptor, so they may outlive the open
// file, and they are the same for all of its names.
class Derived final : public Counted {
 public:
  explicit Derived(Ref<CacheUse> use) noexcept : use_(std::move(use)) {}
  Derived(const Derived&) = delete;
  Derived& operator=(const Derived&) = delete;
  ~Derived();
  // The one of a file that does not change without a trace.
  static Ref<Derived> of(const Ref<CacheUse>& use, const struct stat& settled);

  // There is a result, or somebody waits for one.
  bool is_worth_keeping() const noexcept;
  // Counts bytes that are kept here against the limit of the cache.
  void charge(std::size_t bytes) noexcept;

  SharedResult<Sha256> digest{};
  std::array<SharedResult<Encoded>, 4> encoded{};  // by Coding

 private:
  Ref<CacheUse> use_;
  std::optional<FileKey> shared_;  // as this one
  std::size_t charged_ = 0;
};

// Results of files that are no longer open, to be used when one of them is opened again.
class DerivedStore {
 public:
  // Removes and returns the results of a file; null if there are none.
  Ref<Derived> take(const FileState& state);
  void put(const FileState& state, Ref<Derived> derived);
  // Drops the oldest results that are not in use; false if there are none.
  bool drop_oldest();
  std::size_t size() const noexcept { return kept_.size(); }

 private:
  struct Kept {
    FileState state;
    Ref<Derived> derived;
  };
  std::list<Kept> kept_;  // the latest first; some hundreds at most
};

// An open file or folder as it was at one moment, with the results computed from it. A file that
// has changed is another CachedFile; responses that are being sent keep the old one.
class CachedFile final : public Counted {
 public:
  // The ways of serving it; each has its own fields.
  enum class As : std::uint8_t { itself, precompressed, precoded, live_br, live_zstd, live_gzip };
  // The basis of its entity tag.
  enum class Tag : std::uint8_t {
    modified,  // its size and the time of its modification
    changed,   // its size and the time of the inode's last change, if the former means nothing
    content    // its digest, if that time has no fraction and may be the same for several states
  };

  // Files above `content_most` bytes are not tagged by their content.
  CachedFile(Ref<CacheUse> use, std::unique_ptr<OpenFile> file, WallTime seen,
             std::uint64_t content_most);
  ~CachedFile();

  OpenFile& file() const noexcept { return *file_; }
  bool is_regular() const noexcept { return S_ISREG(file_->info().st_mode); }
  bool is_folder() const noexcept { return S_ISDIR(file_->info().st_mode); }
  std::uint64_t size() const noexcept { return size_; }
  // Nanoseconds since 1970, as nanoseconds() has them.
  std::int64_t modified() const noexcept;
  // False for times before 1970 or after 2255, and for those that reproducible builds and package
  // managers give to all files: they mean nothing.
  bool is_dated() const noexcept;
  Tag tag() const noexcept { return tag_; }
  // The basis of the entity tag is known: only a digest may have to be computed first.
  bool is_tagged() const noexcept {
    return tag_ != Tag::content || derived_->digest.get() != nullptr;
  }
  // A file that was modified a moment ago may change again within the resolution of its timestamps.
  bool is_settled() const noexcept { return settled_; }
  // The same file in the same state, as far as the file system tells.
  bool is_same(const struct stat& other) const noexcept;
  // Whether it still has the content that it had when it was opened, even if it was renamed or
  // deleted.
  bool holds() const noexcept;
  // RFC 9110 §8.8.3; see docs/static-files.md. A weak tag made of its times until it is tagged.
  // `ending` is always the same for one way of serving: ".br" for a precompressed file, "+br" for a
  // live coder. The text lives as long as the file.
  std::string_view etag(As as, std::string_view ending);

  FileState state() const noexcept { return FileState(file_->info()); }
  const Ref<Derived>& derived() const noexcept { return derived_; }

  // Counts bytes that are kept here against the limit of the cache.
  void charge(std::size_t bytes) noexcept;

  Slice body{};                                      // the whole of a small file, once it was read
  std::array<std::optional<HeaderMap>, 6> fields{};  // by As
  // No precompressed file exists, by Coding. For identity: the file is precompressed, and there is
  // no plain file beside it.
  std::array<TimePoint, 4> no_precompressed_until{};
  std::optional<MediaType> type{};  // by its name, once it was asked for
  std::optional<ZstdFit> zstd{};    // once the file was checked, to be sent with that coding

 private:
  std::int64_t stamp() const noexcept;
  std::string opaque() const;

  Ref<CacheUse> use_;
  std::unique_ptr<OpenFile> file_;
  std::array<std::array<std::string, 6>, 2> etags_;  // by As, until it is tagged and after
  std::uint64_t size_;
  std::size_t charged_ = 0;
  Tag tag_;
  bool settled_;
  Ref<Derived> derived_;
};

}  // namespace troika
