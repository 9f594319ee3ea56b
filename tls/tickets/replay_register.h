#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/time.h"

namespace troika::tls {

// The ClientHellos with early data that were seen, for all workers of a process (RFC 8446 §8.2).
// Early data is accepted only if the ClientHello is new, so a replay of a client's first flight is
// an ordinary handshake. May be called from any thread.
class ReplayRegister {
 public:
  struct Counters {
    std::uint64_t accepted = 0;  // early data
    std::uint64_t replayed = 0;  // the ClientHello was seen before
    std::uint64_t rejected = 0;  // for any other reason: the register is full, limits have changed,
                                 // the wall clock was set back
  };

  // Remembers `entries` ClientHellos for `window`, the time in which the ticket's age allows a
  // replay. When it is full, early data is rejected.
  ReplayRegister(const Clock& clock, std::size_t entries, Duration window);
  ReplayRegister(const ReplayRegister&) = delete;
  ReplayRegister& operator=(const ReplayRegister&) = delete;
  ~ReplayRegister();

  // True once for each ClientHello, identified by its random, which the PSK binder covers. OpenSSL
  // measures the age of a ticket in wall time, but entries expire in monotonic time: so false if
  // the ticket is from the future or the wall clock was set back.
  bool admit(std::span<const std::byte, 32> client_random, WallTime ticket_given);
  void count_rejected() noexcept;
  Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troika::tls
