#include "base/output_queue.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace troika {

namespace {

// The bytes of a small slice are cheaper to copy than the rest of its slab is to keep.
constexpr std::size_t kSmall = 512;

}  // namespace

void OutputQueue::append(Slice slice) {
  if (slice.empty()) return;
  if (!slices_.empty() && slices_.back().join(slice)) {
    size_ += slice.size();
  } else if (slice.size() <= kSmall && slice.slab_bytes() > 0) {
    append_copy(slice.bytes());
  } else {
    push(std::move(slice));
  }
}

void OutputQueue::push(Slice slice) {
  size_ += slice.size();
  if (slices_.empty() || !slices_.back().join(slice)) slices_.push_back(std::move(slice));
}

void OutputQueue::append_copy(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (writer_.space().empty())
      writer_ = SlabWriter(*pool_, std::min<std::size_t>(bytes.size(), 65536));
    const std::size_t n = std::min(bytes.size(), writer_.space().size());
    std::memcpy(writer_.space().data(), bytes.data(), n);
    push(writer_.commit(n));
    bytes = bytes.subspan(n);
  }
}

std::size_t OutputQueue::held() const noexcept {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < slices_.size(); ++i) bytes += slices_[i].slab_bytes();
  return bytes;
}

std::size_t OutputQueue::gather(std::span<iovec> vectors) const noexcept {
  const std::size_t n = std::min(vectors.size(), slices_.size());
  for (std::size_t i = 0; i < n; ++i) {
    vectors[i] = {const_cast<std::byte*>(slices_[i].data()), slices_[i].size()};
  }
  return n;
}

std::size_t OutputQueue::peek(std::span<std::byte> into, std::size_t large) const noexcept {
  std::size_t copied = 0;
  for (std::size_t i = 0; i < slices_.size() && copied < into.size(); ++i) {
    const Slice& slice = slices_[i];
    if (i > 0 && slice.size() >= large) break;
    const std::size_t n = std::min(slice.size(), into.size() - copied);
    std::memcpy(into.data() + copied, slice.data(), n);
    copied += n;
  }
  return copied;
}

std::span<const std::byte> OutputQueue::front() const noexcept {
  return slices_.empty() ? std::span<const std::byte>{} : slices_.front().bytes();
}

void OutputQueue::consume(std::size_t count) noexcept {
  assert(count <= size_);
  size_ -= count;
  while (count > 0) {
    Slice& first = slices_.front();
    if (count < first.size()) {
      first.remove_prefix(count);
      return;
    }
    count -= first.size();
    slices_.pop_front();
  }
  if (slices_.empty()) writer_ = SlabWriter();  // an idle connection holds no slab
}

Slice OutputQueue::take(std::size_t max_bytes) noexcept {
  const Slice& first = slices_.front();
  Slice taken = first.sub(0, std::min(max_bytes, first.size()));
  consume(taken.size());
  return taken;
}

void OutputQueue::clear() noexcept {
  slices_.clear();
  size_ = 0;
  writer_ = SlabWriter();
}

}  // namespace troika
