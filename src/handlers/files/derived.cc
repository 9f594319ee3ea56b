#include "handlers/files/derived.h"

#include <algorithm>
#include <ctime>
#include <span>
#include <utility>

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

}  // namespace troika
