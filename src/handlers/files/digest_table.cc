#include "handlers/files/digest_table.h"

#include <span>

#include "base/digest64.h"

namespace troika {

const Sha256* DigestTable::find(const struct stat& file) {
  const auto found = by_key_.find(key_of(file));
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->sum;
}

void DigestTable::add(const struct stat& file, const Sha256& sum) {
  const Key key = key_of(file);
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

std::size_t DigestTable::Hash::operator()(const Key& key) const noexcept {
  return Digest64().add(std::as_bytes(std::span(key))).value();
}

DigestTable::Key DigestTable::key_of(const struct stat& file) noexcept {
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  return {file.st_dev,
          file.st_ino,
          number(file.st_size),
          number(file.st_mtim.tv_sec),
          number(file.st_mtim.tv_nsec),
          number(file.st_ctim.tv_sec),
          number(file.st_ctim.tv_nsec)};
}

}  // namespace troika
