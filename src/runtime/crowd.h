#pragma once
#include <algorithm>
#include <cstddef>

namespace troika {

// Tells when most of many connections have gone, so that their memory can be given back to the
// system: the allocator keeps what it has freed, unless it was at the end of a heap.
class Crowd {
 public:
  static constexpr std::size_t kMany = 32;

  // With the number of connections there are now. True once, when a quarter of many is left.
  bool gone(std::size_t count) noexcept {
    peak_ = std::max(peak_, count);
    if (peak_ < kMany || count > peak_ / 4) return false;
    peak_ = count;
    return true;
  }

 private:
  std::size_t peak_ = 0;
};

}  // namespace troika
