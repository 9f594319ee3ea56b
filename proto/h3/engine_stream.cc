#include "proto/h3/engine_stream.h"

#include <utility>

namespace troika::h3 {

std::span<const std::byte> RetainedBytes::keep(Slice slice) {
  size_ += slice.size();
  return slices_.emplace_back(std::move(slice)).bytes();
}

void RetainedBytes::acknowledge(std::size_t bytes) noexcept {
  acknowledged_ += bytes;
  while (!slices_.empty() && acknowledged_ >= slices_.front().size()) {
    acknowledged_ -= slices_.front().size();
    size_ -= slices_.front().size();
    slices_.pop_front();
  }
}

void RetainedBytes::clear() noexcept {
  slices_.clear();
  acknowledged_ = size_ = 0;
}

}  // namespace troika::h3
