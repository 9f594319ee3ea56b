#include "unit/loop/inject.h"

#include <dlfcn.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdarg>
#include <mutex>

namespace troika::inject {
namespace {

std::mutex mutex;
std::condition_variable changed;
Calls calls;
std::size_t waiting = 0;

bool asks_for_gso(const msghdr* message) {
  auto* const all = const_cast<msghdr*>(message);
  for (cmsghdr* c = CMSG_FIRSTHDR(all); c != nullptr; c = CMSG_NXTHDR(all, c)) {
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT) return true;
  }
  return false;
}

int next(std::deque<int>& errors) {
  if (errors.empty()) return 0;
  const int error = errors.front();
  errors.pop_front();
  return error;
}

// What a system call that failed with this error returns.
int failed(int error) {
  errno = error;
  return -1;
}

int openat2_error(const open_how& how) {
  const std::lock_guard lock(mutex);
  if (calls.openat2_all != 0) return calls.openat2_all;
  if ((how.resolve & RESOLVE_CACHED) != 0) return calls.openat2_cached;
  return next(calls.openat2);
}

}  // namespace

Guard::Guard() { calls = {}; }
Guard::~Guard() {
  release();
  calls = {};
}
Calls* Guard::operator->() const noexcept { return &calls; }
std::size_t Guard::held() const noexcept {
  const std::lock_guard lock(mutex);
  return waiting;
}
void Guard::release() noexcept {
  const std::lock_guard lock(mutex);
  calls.hold_pread = false;
  changed.notify_all();
}

}  // namespace troika::inject

namespace inject = troika::inject;

extern "C" {

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  int error = inject::asks_for_gso(message) ? inject::calls.sendmsg_gso : 0;
  if (error == 0) error = inject::next(inject::calls.sendmsg);
  if (error != 0) return inject::failed(error);
  return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t preadv2(int fd, const iovec* parts, int count, off_t offset, int flags) {
  const bool nowait = (flags & RWF_NOWAIT) != 0;
  if (nowait && inject::calls.preadv2_nowait != 0) {
    return inject::failed(inject::calls.preadv2_nowait);
  }
  if (nowait && inject::calls.preadv2_empty) return 0;
  if (inject::calls.preadv2_short == SIZE_MAX) {
    return syscall(SYS_preadv2, fd, parts, count, offset, 0L, flags);
  }
  iovec first = parts[0];
  first.iov_len = std::min(first.iov_len, inject::calls.preadv2_short);
  return syscall(SYS_preadv2, fd, &first, 1, offset, 0L, flags);
}

ssize_t pread(int fd, void* into, std::size_t size, off_t offset) {
  int error = 0;
  {
    std::unique_lock lock(inject::mutex);
    ++inject::waiting;
    inject::changed.wait(lock, [] { return !inject::calls.hold_pread; });
    --inject::waiting;
    error = inject::calls.pread;
    if (inject::calls.pread_interrupts > 0) {
      --inject::calls.pread_interrupts;
      error = EINTR;
    }
    size = std::min(size, inject::calls.pread_short);
  }
  if (error != 0) return inject::failed(error);
  return syscall(SYS_pread64, fd, into, size, offset);
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  const int error = operation == EPOLL_CTL_ADD ? inject::next(inject::calls.epoll_add) : 0;
  if (error != 0) return inject::failed(error);
  return static_cast<int>(syscall(SYS_epoll_ctl, epoll, operation, fd, event));
}

// openat2 has no function of its own. The C library takes six arguments, too, however many there
// are.
long syscall(long number, ...) noexcept {
  using Syscall = long (*)(long, ...);
  static const auto ask_kernel = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
  std::array<long, 6> arguments{};
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) {
    const int error = inject::openat2_error(*reinterpret_cast<const open_how*>(arguments[2]));
    if (error != 0) return inject::failed(error);
  }
  return ask_kernel(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                    arguments[5]);
}

}  // extern "C"
