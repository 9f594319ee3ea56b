#pragma once
#include <deque>
#include <span>

#include "base/buffer.h"

namespace troika::h3 {

// Body bytes of one stream that were handed to QUIC and not yet acknowledged. QUIC keeps pointers
// into them for retransmission, so they belong to the stream and outlive the exchange.
class RetainedBytes {
 public:
  // The bytes stay where they are until they are acknowledged. Must not be empty.
  std::span<const std::byte> keep(Slice slice);
  // The first `bytes` of what is kept and not acknowledged. A slice is freed as a whole.
  void acknowledge(std::size_t bytes) noexcept;
  void clear() noexcept;

  std::size_t size() const noexcept { return size_; }  // of all slices that are held

 private:
  std::deque<Slice> slices_;
  std::size_t acknowledged_ = 0;  // of the first slice
  std::size_t size_ = 0;
};

}  // namespace troika::h3
