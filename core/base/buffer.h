#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include "base/block_pool.h"

namespace troika {

class BufferPool;

// One block of memory of a BufferPool; used only through Slice and SlabWriter.
struct Slab {
  BufferPool* pool;
  std::uint32_t references;
  std::uint32_t capacity;
  Slab* next_free;
  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

// A reference-counted, immutable view of bytes. The count is not atomic: a Slice stays on the
// worker of its pool. A Slice without a slab refers to static memory, which outlives every reader.
// It may have headroom: free bytes in front that belong to it alone, for a header. Only moving
// keeps the headroom.
class Slice {
 public:
  Slice() noexcept = default;
  Slice(const Slice& other) noexcept;
  Slice(Slice&& other) noexcept
      : slab_(std::exchange(other.slab_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        headroom_(std::exchange(other.headroom_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(slab_, other.slab_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(headroom_, other.headroom_);
    return *this;
  }
  ~Slice();

  // The bytes must live as long as the process; less than 4 GiB.
  static Slice of_static(std::span<const std::byte> bytes) noexcept;
  static Slice of_static(std::string_view text) noexcept {
    return of_static(std::as_bytes(std::span(text)));
  }

  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  // A part of this slice that shares its memory. Aborts if offset + count exceeds size().
  Slice sub(std::size_t offset, std::size_t count) const noexcept;
  // Aborts if count exceeds size().
  void remove_prefix(std::size_t count) noexcept;

  // Removes the first gap + count bytes and returns the last `count` of them, with the gap as their
  // headroom. Aborts if there are fewer. Nobody else may refer to the gap.
  Slice take(std::size_t gap, std::size_t count) noexcept;
  // Puts the bytes in front of this slice. False: the headroom is too small.
  bool prepend(std::span<const std::byte> bytes) noexcept;
  // Extends this slice by the next one if that follows it directly in the same slab.
  bool join(const Slice& next) noexcept {
    if (slab_ == nullptr || slab_ != next.slab_ || data_ + size_ != next.data_) return false;
    size_ += next.size_;
    return true;
  }
  // Bytes of the slab that it keeps; 0 for static memory.
  std::size_t slab_bytes() const noexcept { return slab_ != nullptr ? slab_->capacity : 0; }
  // Bytes of memory that would be freed with this slice: the whole slab, if nobody else refers to
  // it.
  std::size_t pinned() const noexcept {
    return slab_ != nullptr && slab_->references == 1 ? slab_->capacity : size_;
  }

 private:
  friend class SlabWriter;
  Slab* slab_ = nullptr;
  const std::byte* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t headroom_ = 0;
};

// How content lies in a slab: in pieces of `bytes`, the last of which may be shorter, each after a
// gap for what is to come in front of it.
struct Pieces {
  std::size_t bytes = 65536;
  std::size_t gap = 0;

  // How much of a slab so much content takes, with its gaps.
  constexpr std::size_t space_of(std::size_t content) const noexcept {
    return content + gap * ((content + bytes - 1) / bytes);
  }
  // How much content is in so much of a slab.
  constexpr std::size_t content_of(std::size_t space) const noexcept {
    const std::size_t rest = space % (bytes + gap);
    return space / (bytes + gap) * bytes + (rest > gap ? rest - gap : 0);
  }
};

// A slab being filled. Committed bytes are handed out as Slices; the rest can still be written.
class SlabWriter {
 public:
  SlabWriter() noexcept = default;
  SlabWriter(BufferPool& pool, std::size_t capacity);  // aborts above 64 KiB
  SlabWriter(SlabWriter&& other) noexcept
      : slab_(std::exchange(other.slab_, nullptr)), used_(std::exchange(other.used_, 0)) {}
  SlabWriter& operator=(SlabWriter&& other) noexcept {
    std::swap(slab_, other.slab_);
    std::swap(used_, other.used_);
    return *this;
  }
  ~SlabWriter();

  // The free memory. Empty without a slab.
  std::span<std::byte> space() noexcept;
  // Returns the first `count` bytes of space() as a Slice; aborts if there are fewer.
  Slice commit(std::size_t count) noexcept;

 private:
  Slab* slab_ = nullptr;
  std::size_t used_ = 0;
};

// Slabs of three sizes with a free list each; one pool per worker. It must outlive its slices.
class BufferPool {
 public:
  static constexpr std::array<std::size_t, 3> kSizes{4096, 16384, 65536};  // bytes of payload
  static constexpr std::size_t kKeptFree = 4U << 20U;  // bytes of free slabs kept for later

  BufferPool() noexcept = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // Bytes of slabs in use: 0 when all were given back.
  std::size_t outstanding() const noexcept { return outstanding_; }
  // Bytes of slabs that are kept for later, up to kKeptFree.
  std::size_t free_bytes() const noexcept { return free_bytes_; }
  // Frees the slabs of each size that were not needed since the last call.
  void release_unneeded() noexcept;

  // Of the same worker, for what libraries allocate.
  BlockPool& blocks() noexcept { return blocks_; }
  const BlockPool& blocks() const noexcept { return blocks_; }

  // A copy of `bytes`; aborts above 64 KiB.
  Slice copy(std::span<const std::byte> bytes);
  Slice copy(std::string_view text) { return copy(std::as_bytes(std::span(text))); }

 private:
  friend class Slice;
  friend class SlabWriter;

  struct FreeSlabs {
    Slab* first = nullptr;
    std::size_t count = 0;
    std::size_t least = 0;  // of `count` since the last release_unneeded()
  };

  Slab* take(std::size_t capacity);
  void give_back(Slab* slab) noexcept;

  std::array<FreeSlabs, kSizes.size()> free_{};
  std::size_t free_bytes_ = 0;
  std::size_t outstanding_ = 0;
  BlockPool blocks_;
};

}  // namespace troika
