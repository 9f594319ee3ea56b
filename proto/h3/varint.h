#pragma once
#include <cstddef>
#include <cstdint>

namespace troika::h3 {

// An integer of variable length (RFC 9000 §16) that comes byte by byte.
class Varint {
 public:
  // True: it is complete. Not called again after that.
  bool take(std::byte byte) noexcept {
    const auto bits = std::to_integer<std::uint64_t>(byte);
    if (size_ == 0) {
      size_ = left_ = std::size_t{1} << (bits >> 6U);
      value_ = bits & 0x3fU;
    } else {
      value_ = value_ << 8U | bits;
    }
    return --left_ == 0;
  }
  bool complete() const noexcept { return size_ > 0 && left_ == 0; }
  std::size_t size() const noexcept { return size_; }  // in bytes, all of it; 0: none has come
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
  std::size_t size_ = 0, left_ = 0;
};

}  // namespace troika::h3
