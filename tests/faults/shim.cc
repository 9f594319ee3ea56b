// Makes system calls of a program fail, in the library that LD_PRELOAD names. The file in
// TROIKA_FAULTS says which: "GENERATION CALL ERRNO NTH GENERATION", in 64 bytes, where the first
// and the last 8 are the same and differ from those before. The call of that name fails once, when
// it is made for the NTH time from then on. The byte after them is '1' once that has happened.
// "clock" moves the wall clock by NTH seconds until the next generation; NTH may be negative.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

namespace {

constexpr std::size_t kGeneration = 8, kOrder = 64, kMapped = kOrder + 1;

struct Order {
  char call[32] = "";
  int error = 0;
  long nth = 0;
};

char* control = nullptr;  // null: nothing fails
std::atomic<std::uint64_t> generation = 0;
std::atomic_flag reading;
Order order;                    // written under `reading` while `left` is 0
std::atomic<long> left = 0;     // calls until the one that fails
std::atomic<long> seconds = 0;  // that the wall clock is off

std::uint64_t generation_at(std::size_t offset) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, control + offset, kGeneration);
  return value;
}

void read_order() noexcept {
  const std::uint64_t now = generation_at(0);
  if (now == generation.load(std::memory_order_acquire)) return;
  if (generation_at(kOrder - kGeneration) != now) return;  // it is being written
  if (reading.test_and_set(std::memory_order_acquire)) return;
  if (now != generation.load(std::memory_order_relaxed)) {
    left = 0;
    char text[kOrder - kGeneration + 1] = "";
    std::memcpy(text, control + kGeneration, kOrder - 2 * kGeneration);
    Order read;
    if (std::sscanf(text, "%31s %d %ld", read.call, &read.error, &read.nth) == 3) {
      order = read;
      const bool clock = std::string_view(order.call) == "clock";
      seconds = clock ? order.nth : 0;
      left = clock ? 0 : order.nth;
    }
    generation.store(now, std::memory_order_release);
  }
  reading.clear(std::memory_order_release);
}

bool fails(std::string_view call) noexcept {
  if (control == nullptr) return false;
  read_order();
  if (left.load(std::memory_order_acquire) <= 0 || call != order.call) return false;
  if (left.fetch_sub(1) != 1) return false;
  control[kOrder] = '1';
  errno = order.error;
  return true;
}

__attribute__((constructor)) void begin() {
  const char* const path = std::getenv("TROIKA_FAULTS");
  if (path == nullptr) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* const mapped = mmap(nullptr, kMapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) control = static_cast<char*>(mapped);
}

// What is done to an eventfd or a timerfd has a name of its own: it has other errors.
std::string_view name_for(int fd, std::string_view file, std::string_view event) noexcept {
  struct stat info{};
  if (control == nullptr || order.nth == 0) return file;
  const bool known = syscall(SYS_fstat, fd, &info) == 0;
  return known && (info.st_mode & S_IFMT) == 0 ? event : file;
}

template <class Function>
Function* real(const char* name) noexcept {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// Each passes a call on, if it does not fail. The names of one call are one.
#define TROIKA_FAULT(NAME, RESULT, SYMBOL, PARAMETERS, ARGUMENTS, ...) \
  extern "C" RESULT SYMBOL PARAMETERS __VA_ARGS__ {                    \
    static auto* const next = real<RESULT PARAMETERS>(#SYMBOL);        \
    return fails(NAME) ? static_cast<RESULT>(-1) : next ARGUMENTS;     \
  }

TROIKA_FAULT("accept4", int, accept4, (int fd, sockaddr* from, socklen_t* size, int flags),
             (fd, from, size, flags))
TROIKA_FAULT(name_for(fd, "read", "eventfd_read"), ssize_t, read, (int fd, void* into, size_t size),
             (fd, into, size))
TROIKA_FAULT("pread", ssize_t, pread, (int fd, void* into, size_t size, off_t at),
             (fd, into, size, at))
TROIKA_FAULT("pread", ssize_t, pread64, (int fd, void* into, size_t size, off64_t at),
             (fd, into, size, at))
TROIKA_FAULT("preadv2", ssize_t, preadv2,
             (int fd, const iovec* parts, int count, off_t at, int flags),
             (fd, parts, count, at, flags))
TROIKA_FAULT("recv", ssize_t, recv, (int fd, void* into, size_t size, int flags),
             (fd, into, size, flags))
TROIKA_FAULT("recvmsg", ssize_t, recvmsg, (int fd, msghdr* message, int flags),
             (fd, message, flags))
TROIKA_FAULT("recvmmsg", int, recvmmsg,
             (int fd, mmsghdr* messages, unsigned count, int flags, timespec* wait),
             (fd, messages, count, flags, wait))
TROIKA_FAULT("sendmsg", ssize_t, sendmsg, (int fd, const msghdr* message, int flags),
             (fd, message, flags))
TROIKA_FAULT("sendmmsg", int, sendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags),
             (fd, messages, count, flags))
TROIKA_FAULT(name_for(fd, "write", "eventfd_write"), ssize_t, write,
             (int fd, const void* from, size_t size), (fd, from, size))
TROIKA_FAULT("writev", ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))
TROIKA_FAULT("fstat", int, fstat, (int fd, struct stat* info), (fd, info), noexcept)
TROIKA_FAULT("stat", int, stat, (const char* path, struct stat* info), (path, info), noexcept)
TROIKA_FAULT("fstatat", int, fstatat, (int fd, const char* path, struct stat* info, int flags),
             (fd, path, info, flags), noexcept)
TROIKA_FAULT("readlinkat", ssize_t, readlinkat, (int fd, const char* path, char* to, size_t size),
             (fd, path, to, size), noexcept)
TROIKA_FAULT("getsockname", int, getsockname, (int fd, sockaddr* address, socklen_t* size),
             (fd, address, size), noexcept)
TROIKA_FAULT("getsockopt", int, getsockopt,
             (int fd, int level, int name, void* value, socklen_t* size),
             (fd, level, name, value, size), noexcept)
TROIKA_FAULT("setsockopt", int, setsockopt,
             (int fd, int level, int name, const void* value, socklen_t size),
             (fd, level, name, value, size), noexcept)
TROIKA_FAULT("shutdown", int, shutdown, (int fd, int how), (fd, how), noexcept)
TROIKA_FAULT("epoll_ctl", int, epoll_ctl, (int epoll, int what, int fd, epoll_event* event),
             (epoll, what, fd, event), noexcept)
TROIKA_FAULT("epoll_pwait", int, epoll_pwait,
             (int epoll, epoll_event* events, int most, int wait, const sigset_t* signals),
             (epoll, events, most, wait, signals))
TROIKA_FAULT("poll", int, poll, (pollfd * fds, nfds_t count, int wait), (fds, count, wait))
TROIKA_FAULT("timerfd_settime", int, timerfd_settime,
             (int fd, int flags, const itimerspec* at, itimerspec* before), (fd, flags, at, before),
             noexcept)

// What follows has a variable number of arguments: all that there may be are passed on.

extern "C" int open(const char* path, int flags, ...) {
  static auto* const next = real<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails("open") ? -1 : next(path, flags, mode);
}

extern "C" int openat(int folder, const char* path, int flags, ...) {
  static auto* const next = real<int(int, const char*, int, ...)>("openat");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails("openat") ? -1 : next(folder, path, flags, mode);
}

extern "C" long syscall(long number, ...) noexcept {
  static auto* const next = real<long(long, ...)>("syscall");
  long arguments[6];
  va_list rest;
  va_start(rest, number);
  for (long& argument : arguments) argument = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_openat2 && fails("openat2")) return -1;
  return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static auto* const next = real<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, now);
  if (control != nullptr && clock == CLOCK_REALTIME) {
    read_order();
    now->tv_sec += seconds.load();
  }
  return result;
}
