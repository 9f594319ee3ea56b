#pragma once
#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "base/ref.h"
#include "handlers/digest.h"

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

}  // namespace troika
