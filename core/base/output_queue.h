#pragma once
#include <sys/uio.h>

#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/ring.h"

namespace troika {

// Bytes to be sent, in order: a list of slices. Small pieces are gathered into one slab, so that
// none of them keeps a slab of its own, and slices that follow each other in a slab are one. It has
// no limit: callers compare size() with their own limit before they append.
class OutputQueue {
 public:
  explicit OutputQueue(BufferPool& pool) noexcept : pool_(&pool) {}

  void append(Slice slice);                      // shares the slice's memory, unless it is small
  void append_copy(std::span<const std::byte>);  // any length
  void append_copy(std::string_view text) { append_copy(std::as_bytes(std::span(text))); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // Bytes of the slabs that append_copy() took and that are in use.
  std::size_t held() const noexcept;

  // Describes the first bytes of the queue; returns how many of `vectors` it filled. Valid until
  // the queue changes.
  std::size_t gather(std::span<iovec> vectors) const noexcept;
  // Copies the first bytes without removing them; returns how many. It ends before a slice of
  // `large` bytes or more, unless that is the first one.
  std::size_t peek(std::span<std::byte> into,
                   std::size_t large = static_cast<std::size_t>(-1)) const noexcept;
  // The first contiguous bytes; empty when the queue is empty.
  std::span<const std::byte> front() const noexcept;
  void consume(std::size_t count) noexcept;  // count <= size()
  // Removes and returns the first contiguous bytes, at most max_bytes; the queue must not be empty.
  Slice take(std::size_t max_bytes) noexcept;
  void clear() noexcept;

 private:
  void push(Slice slice);

  BufferPool* pool_;
  Ring<Slice, 2> slices_;
  SlabWriter writer_;  // append_copy fills it
  std::size_t size_ = 0;
};

}  // namespace troika
