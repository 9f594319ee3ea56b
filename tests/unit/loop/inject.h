#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>

// System calls of this test program go through definitions of ours (inject.cc), which answer with
// the errors that a test has put up and else ask the kernel. For what no machine does on demand.
namespace troika::inject {

struct Calls {
  std::deque<int> sendmsg;               // errno of the next calls; 0 lets one pass
  int sendmsg_gso = 0;                   // errno of every sendmsg that asks for UDP_SEGMENT
  int preadv2_nowait = 0;                // errno of every preadv2 with RWF_NOWAIT
  std::size_t preadv2_short = SIZE_MAX;  // most bytes that preadv2 gives
  bool preadv2_empty = false;            // preadv2 with RWF_NOWAIT answers 0
  int pread = 0;                       // errno of every pread, which is what the thread pool calls
  bool hold_pread = false;             // pread waits until this is false
  int pread_interrupts = 0;            // so many preads are interrupted first
  std::size_t pread_short = SIZE_MAX;  // most bytes that pread gives
  int openat2_all = 0;                 // errno of every openat2, as in a sandbox
  std::deque<int> epoll_add;           // errno of the next EPOLL_CTL_ADD; 0 lets one pass
  int openat2_cached = 0;              // errno of every openat2 with RESOLVE_CACHED
  std::deque<int> openat2;             // errno of the next openat2 without it
};

// Affects all threads until the guard dies.
class Guard {
 public:
  Guard();
  ~Guard();
  Calls* operator->() const noexcept;
  std::size_t held() const noexcept;  // preads that wait
  void release() noexcept;
};

}  // namespace troika::inject
