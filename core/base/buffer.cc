#include "base/buffer.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace troika {
namespace {

// An access beyond a block aborts in every build: no peer can cause it, and nothing after it would
// be sound.
void must_hold(bool holds) noexcept {
  if (!holds) [[unlikely]]
    std::abort();
}

std::size_t size_class(std::size_t capacity) noexcept {
  std::size_t i = 0;
  while (i + 1 < BufferPool::kSizes.size() && BufferPool::kSizes[i] < capacity) ++i;
  return i;
}

}  // namespace

Slice::Slice(const Slice& other) noexcept
    : slab_(other.slab_), data_(other.data_), size_(other.size_) {
  if (slab_ != nullptr) ++slab_->references;
}

Slice::~Slice() {
  if (slab_ != nullptr && --slab_->references == 0) slab_->pool->give_back(slab_);
}

Slice Slice::of_static(std::span<const std::byte> bytes) noexcept {
  must_hold(bytes.size() <= UINT32_MAX);
  Slice slice;
  slice.data_ = bytes.data();
  slice.size_ = static_cast<std::uint32_t>(bytes.size());
  return slice;
}

Slice Slice::sub(std::size_t offset, std::size_t count) const noexcept {
  must_hold(offset <= size_ && count <= size_ - offset);
  Slice part(*this);
  part.data_ += offset;
  part.size_ = static_cast<std::uint32_t>(count);
  return part;
}

void Slice::remove_prefix(std::size_t count) noexcept {
  must_hold(count <= size_);
  data_ += count;
  size_ -= static_cast<std::uint32_t>(count);
  headroom_ = 0;
}

Slice Slice::take(std::size_t gap, std::size_t count) noexcept {
  must_hold(gap <= size_);
  Slice taken = sub(gap, count);
  taken.headroom_ = static_cast<std::uint32_t>(gap);
  remove_prefix(gap + count);
  if (size_ == 0) *this = Slice();
  return taken;
}

bool Slice::prepend(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > headroom_) return false;
  const auto count = static_cast<std::uint32_t>(bytes.size());
  data_ -= count;
  size_ += count;
  headroom_ -= count;
  std::memcpy(const_cast<std::byte*>(data_), bytes.data(), count);
  return true;
}

SlabWriter::SlabWriter(BufferPool& pool, std::size_t capacity) : slab_(pool.take(capacity)) {}

SlabWriter::~SlabWriter() {
  if (slab_ != nullptr && --slab_->references == 0) slab_->pool->give_back(slab_);
}

std::span<std::byte> SlabWriter::space() noexcept {
  if (slab_ == nullptr) return {};
  return {slab_->data() + used_, slab_->capacity - used_};
}

Slice SlabWriter::commit(std::size_t count) noexcept {
  must_hold(slab_ != nullptr && count <= slab_->capacity - used_);
  Slice slice;
  slice.slab_ = slab_;
  slice.data_ = slab_->data() + used_;
  slice.size_ = static_cast<std::uint32_t>(count);
  ++slab_->references;
  used_ += count;
  return slice;
}

BufferPool::~BufferPool() {
  assert(outstanding_ == 0);
  for (const FreeSlabs& slabs : free_) {
    Slab* slab = slabs.first;
    while (slab != nullptr) ::operator delete(std::exchange(slab, slab->next_free));
  }
}

Slice BufferPool::copy(std::span<const std::byte> bytes) {
  SlabWriter writer(*this, bytes.size());
  if (!bytes.empty()) std::memcpy(writer.space().data(), bytes.data(), bytes.size());
  return writer.commit(bytes.size());
}

Slab* BufferPool::take(std::size_t capacity) {
  const std::size_t i = size_class(capacity);
  must_hold(capacity <= kSizes[i]);
  FreeSlabs& slabs = free_[i];
  Slab* slab = slabs.first;
  if (slab != nullptr) {
    slabs.first = slab->next_free;
    slabs.least = std::min(slabs.least, --slabs.count);
    free_bytes_ -= slab->capacity;
  } else {
    slab = new (::operator new(sizeof(Slab) + kSizes[i])) Slab{};
    slab->pool = this;
    slab->capacity = static_cast<std::uint32_t>(kSizes[i]);
  }
  slab->references = 1;
  outstanding_ += slab->capacity;
  return slab;
}

void BufferPool::give_back(Slab* slab) noexcept {
  outstanding_ -= slab->capacity;
  if (free_bytes_ + slab->capacity > kKeptFree) {
    ::operator delete(slab);
    return;
  }
  FreeSlabs& slabs = free_[size_class(slab->capacity)];
  slab->next_free = slabs.first;
  slabs.first = slab;
  ++slabs.count;
  free_bytes_ += slab->capacity;
}

void BufferPool::release_unneeded() noexcept {
  for (FreeSlabs& slabs : free_) {
    for (; slabs.least > 0; --slabs.least) {
      Slab* const slab = slabs.first;
      slabs.first = slab->next_free;
      --slabs.count;
      free_bytes_ -= slab->capacity;
      ::operator delete(slab);
    }
    slabs.least = slabs.count;
  }
}

}  // namespace troika
