#pragma once
#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <list>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/ownership.h"
#include "handlers/digest.h"
#include "handlers/files/shared_result.h"
#include "http/semantics/negotiation.h"

namespace troika {

// Digests of files by device, inode, size and times, whatever their names and whether they are
// still open; so many at most, the least recently used are forgotten first.
class DigestTable final : public Counted {
 public:
  explicit DigestTable(std::size_t limit) noexcept : limit_(limit) {}

  // Null when it is not known; valid until the next add().
  const Sha256* find(const struct stat& file);
  // `sum` is of what the file holds for as long as it has these times.
  void add(const struct stat& file, const Sha256& sum);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  using Key = std::array<std::uint64_t, 7>;
  struct Entry {
    Key key;
    Sha256 sum;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  using Entries = std::list<Entry>;  // the most recently used first

  static Key key_of(const struct stat& file) noexcept;

  std::size_t limit_;
  Entries entries_;
  std::unordered_map<Key, Entries::iterator, Hash> by_key_;
};

// What the files of one cache take: those that it keeps, and those that are being sent.
struct CacheUse final : Counted {
  std::size_t files = 0;  // open
  std::size_t bytes = 0;  // of bodies
};

// A body in memory, in pieces of at most 64 KiB.
struct Content {
  std::vector<Slice> pieces{};
  std::uint64_t size = 0;
};
// What a live coder made of a file.
struct Encoded {
  Content content;
  Sha256 digest{};
};
// What a slice of that size takes from its pool.
std::size_t slab_size(std::size_t size) noexcept;
Content content_of(BufferPool& pool, std::span<const std::byte> bytes);

// Seconds since 1970; year 2255: 64 bits hold its nanoseconds.
inline constexpr std::time_t kFarthestTime = 9'000'000'000;

// Nanoseconds since 1970. Beyond what 64 bits hold, times are as good as equal.
std::int64_t nanoseconds(const timespec& time) noexcept;

// Which file, and in which state, as far as a file system tells.
struct FileState {
  explicit FileState(const struct stat& info) noexcept;
  bool operator==(const FileState&) const = default;

  dev_t device;
  ino_t inode;
  mode_t mode;
  off_t size;
  std::int64_t modified, changed;  // nanoseconds since 1970
};

// What was worked out from a file's content. It needs no descriptor, so it may outlive the open
// file.
class Derived final : public Counted {
 public:
  explicit Derived(Ref<CacheUse> use) noexcept : use_(std::move(use)) {}
  ~Derived() { use_->bytes -= charged_; }

  // Something is there, or somebody waits for it.
  bool is_worth_keeping() const noexcept;
  // Counts bytes that are kept here against the cache.
  void charge(std::size_t bytes) noexcept;

  SharedResult<Sha256> digest{};
  std::array<SharedResult<Encoded>, 4> encoded{};  // by Coding

 private:
  Ref<CacheUse> use_;
  std::size_t charged_ = 0;
};

// What was worked out from files that are not open any more, for when one of them is opened again.
class DerivedStore {
 public:
  // Null: nothing. It is the caller's then, and not here any more.
  Ref<Derived> take(const FileState& state);
  void put(const FileState& state, Ref<Derived> derived);
  // Gives up the oldest that nobody uses; false: there is none.
  bool drop_oldest();
  std::size_t size() const noexcept { return kept_.size(); }

 private:
  struct Kept {
    FileState state;
    Ref<Derived> derived;
  };
  std::list<Kept> kept_;  // the latest first; some hundred
};

}  // namespace troika
