#pragma once
#include <cstddef>

#include "base/clock.h"

namespace troika::tls {

// How much plaintext goes into the next record. A record can be read only once it is there to its
// last byte, so at the start, and after a pause that let the congestion window shrink, a record
// fits one TCP segment. Afterwards full records cost less: 22 bytes and one AEAD call for each.
class RecordSize {
 public:
  static constexpr std::size_t kSmall = 1344;  // + 22 of TLS + 72 of IPv6 and TCP: below 1440
  static constexpr std::size_t kFull = 16384;  // RFC 8446 §5.1
  static constexpr std::size_t kSmallBytes = 32U << 10U;
  static constexpr Duration kIdle = std::chrono::seconds(1);

  std::size_t next(TimePoint now) noexcept {
    if (now - last_ > kIdle) small_left_ = kSmallBytes;
    last_ = now;
    return small_left_ > 0 ? kSmall : kFull;
  }
  void written(std::size_t bytes) noexcept {
    small_left_ -= bytes < small_left_ ? bytes : small_left_;
  }

 private:
  TimePoint last_{};
  std::size_t small_left_ = kSmallBytes;
};

}  // namespace troika::tls
