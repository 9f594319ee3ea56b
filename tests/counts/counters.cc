#include "counts/counters.h"

#include <dlfcn.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

// The program's own definitions of these functions take the place of the C library's, for libuv and
// the C++ library as well (ld.so(8)). Each counts and goes on to the real one.
namespace troika::counts {
namespace {

constinit thread_local Counters counters;

template <class F>
F real(const char* name) noexcept {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

Counters Counters::operator-(const Counters& earlier) const noexcept {
  return {.allocations = allocations - earlier.allocations,
          .ssl_buffers = ssl_buffers - earlier.ssl_buffers,
          .ssl_bytes = ssl_bytes - earlier.ssl_bytes,
          .waits = waits - earlier.waits,
          .controls = controls - earlier.controls,
          .receives = receives - earlier.receives,
          .sends = sends - earlier.sends,
          .file_reads = file_reads - earlier.file_reads,
          .clock_reads = clock_reads - earlier.clock_reads,
          .locks = locks - earlier.locks,
          .sent_bytes = sent_bytes - earlier.sent_bytes,
          .copied_bytes = copied_bytes - earlier.copied_bytes};
}

Counters of_this_thread() noexcept { return counters; }

namespace {

void* allocate(std::size_t size) {
  ++counters.allocations;
  if (void* const memory = std::malloc(size)) return memory;
  std::abort();
}

constexpr std::size_t kRecord = 16384;  // RFC 8446 §5.1

void* allocate_for_ssl(std::size_t size, const char*, int) {
  if (size >= kRecord) ++counters.ssl_buffers;
  void* const memory = std::malloc(size);
  counters.ssl_bytes += malloc_usable_size(memory);
  return memory;
}
void* reallocate_for_ssl(void* memory, std::size_t size, const char*, int) {
  counters.ssl_bytes -= malloc_usable_size(memory);
  memory = std::realloc(memory, size);
  counters.ssl_bytes += malloc_usable_size(memory);
  return memory;
}
void free_for_ssl(void* memory, const char*, int) {
  counters.ssl_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

// Before OpenSSL allocates anything.
[[maybe_unused]] const bool counts_ssl = [] {
  if (CRYPTO_set_mem_functions(allocate_for_ssl, reallocate_for_ssl, free_for_ssl) == 1)
    return true;
  throw std::logic_error("OpenSSL has allocated memory already");
}();

// Nothing here may become a call of memcpy() again.
void move_bytes(void* to, const void* from, std::size_t size) noexcept {
  if (size >= 4096) counters.copied_bytes += size;
  auto* at = static_cast<volatile unsigned char*>(to);
  const auto* source = static_cast<const volatile unsigned char*>(from);
#ifdef __x86_64__
  if (at <= source || at >= source + size) {
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return;
  }
#endif
  if (at <= source) {
    for (std::size_t i = 0; i < size; ++i) at[i] = source[i];
  } else {
    while (size-- > 0) at[size] = source[size];
  }
}

}  // namespace
}  // namespace troika::counts

using troika::counts::counters;
using troika::counts::move_bytes;
using troika::counts::real;

// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(std::size_t size) { return troika::counts::allocate(size); }
void* operator new[](std::size_t size) { return troika::counts::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND(misc-new-delete-overloads)

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) noexcept {
  move_bytes(to, from, size);
  return to;
}
void* memmove(void* to, const void* from, std::size_t size) noexcept {
  move_bytes(to, from, size);
  return to;
}
void* __memcpy_chk(void* to, const void* from, std::size_t size, std::size_t) noexcept {
  move_bytes(to, from, size);
  return to;
}
void* __memmove_chk(void* to, const void* from, std::size_t size, std::size_t) noexcept {
  move_bytes(to, from, size);
  return to;
}

int epoll_pwait(int fd, epoll_event* events, int most, int timeout, const sigset_t* mask) {
  static const auto next = real<decltype(&epoll_pwait)>("epoll_pwait");
  ++counters.waits;
  return next(fd, events, most, timeout, mask);
}

int epoll_ctl(int fd, int operation, int on, epoll_event* event) noexcept {
  static const auto next = real<decltype(&epoll_ctl)>("epoll_ctl");
  ++counters.controls;
  return next(fd, operation, on, event);
}

int timerfd_settime(int fd, int flags, const itimerspec* to, itimerspec* old) noexcept {
  static const auto next = real<decltype(&timerfd_settime)>("timerfd_settime");
  ++counters.controls;
  return next(fd, flags, to, old);
}

ssize_t recv(int fd, void* into, std::size_t size, int flags) {
  static const auto next = real<decltype(&recv)>("recv");
  ++counters.receives;
  return next(fd, into, size, flags);
}

ssize_t __recv_chk(int fd, void* into, std::size_t size, std::size_t, int flags) {
  return recv(fd, into, size, flags);
}

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  static const auto next = real<decltype(&recvmmsg)>("recvmmsg");
  ++counters.receives;
  return next(fd, messages, count, flags, timeout);
}

ssize_t read(int fd, void* into, std::size_t size) {
  static const auto next = real<decltype(&read)>("read");
  ++counters.receives;
  return next(fd, into, size);
}

ssize_t __read_chk(int fd, void* into, std::size_t size, std::size_t) {
  return read(fd, into, size);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto next = real<decltype(&sendmsg)>("sendmsg");
  ++counters.sends;
  const ssize_t sent = next(fd, message, flags);
  if (sent > 0) counters.sent_bytes += static_cast<std::uint64_t>(sent);
  return sent;
}

int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  static const auto next = real<decltype(&sendmmsg)>("sendmmsg");
  ++counters.sends;
  return next(fd, messages, count, flags);
}

ssize_t write(int fd, const void* bytes, std::size_t size) {
  static const auto next = real<decltype(&write)>("write");
  ++counters.sends;
  return next(fd, bytes, size);
}

ssize_t preadv2(int fd, const iovec* parts, int count, off_t offset, int flags) {
  static const auto next = real<decltype(&preadv2)>("preadv2");
  ++counters.file_reads;
  return next(fd, parts, count, offset, flags);
}

ssize_t pread(int fd, void* into, std::size_t size, off_t offset) {
  static const auto next = real<decltype(&pread)>("pread");
  ++counters.file_reads;
  return next(fd, into, size, offset);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static const auto next = real<decltype(&pthread_mutex_lock)>("pthread_mutex_lock");
  ++counters.locks;
  return next(mutex);
}

int clock_gettime(clockid_t clock, timespec* into) noexcept {
  static const auto next = real<decltype(&clock_gettime)>("clock_gettime");
  ++counters.clock_reads;
  return next(clock, into);
}

}  // extern "C"
