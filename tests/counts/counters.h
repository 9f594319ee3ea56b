#pragma once
#include <cstdint>

namespace troika::counts {

// What one thread has done so far. Reading a clock is no system call on Linux (vdso(7)), but it is
// not free either.
struct Counters {
  std::uint64_t allocations = 0;  // by operator new; those of C libraries are not seen
  std::uint64_t ssl_buffers = 0;  // allocations of OpenSSL that a record fits into
  std::uint64_t ssl_bytes = 0;    // that OpenSSL holds, by malloc_usable_size(3)
  std::uint64_t waits = 0;        // epoll_pwait: a loop turn each
  std::uint64_t controls = 0;     // epoll_ctl, timerfd_settime
  std::uint64_t receives = 0;     // recv, recvmmsg, read
  std::uint64_t sends = 0;        // sendmsg, sendmmsg, write
  std::uint64_t file_reads = 0;   // preadv2, pread
  std::uint64_t clock_reads = 0;  // clock_gettime
  std::uint64_t locks = 0;        // of a mutex, by us and by C++: those of C libraries are not seen
  std::uint64_t sent_bytes = 0;   // of sendmsg
  std::uint64_t copied_bytes = 0;  // by memcpy and memmove, 4 KiB or more in one call

  Counters operator-(const Counters& earlier) const noexcept;
};

Counters of_this_thread() noexcept;

}  // namespace troika::counts
