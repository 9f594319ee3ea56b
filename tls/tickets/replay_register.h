#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/time.h"

namespace troika::tls {

// Which early ClientHellos have been seen, for all workers of a process: RFC 8446 §8.2. A client's
// early data counts only when its ClientHello is new here, so that a replay of its first flight is
// an ordinary handshake. May be called from any thread.
class ReplayRegister {
 public:
  struct Counters {
    std::uint64_t accepted = 0;  // early data that counts
    std::uint64_t replayed = 0;  // a ClientHello that was seen before
    std::uint64_t rejected = 0;  // for any other reason: the register is full, limits have changed,
                                 // the wall clock was set back
  };

  // Remembers `entries` ClientHellos for `window`, which covers the time that a ticket's age leaves
  // to a replay; when it is full, early data is rejected.
  ReplayRegister(const Clock& clock, std::size_t entries, Duration window);
  ReplayRegister(const ReplayRegister&) = delete;
  ReplayRegister& operator=(const ReplayRegister&) = delete;
  ~ReplayRegister();

  // True once for each ClientHello, by its random, which the PSK binder covers. How old a ticket is
  // OpenSSL tells by wall time, but the register forgets by monotonic time: so never when the
  // ticket is from the future, or when wall time was later already.
  bool admit(std::span<const std::byte, 32> client_random, WallTime ticket_given);
  void count_rejected() noexcept;
  Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troika::tls
