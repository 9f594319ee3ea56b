#include "os/log_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace troika {

LogOutput::LogOutput(Fd fd) { use(std::move(fd)); }

void LogOutput::use(Fd fd) noexcept {
  struct stat before{}, info{};
  const bool known = fd_ && ::fstat(fd_.get(), &before) == 0 && ::fstat(fd.get(), &info) == 0;
  const bool same = before.st_dev == info.st_dev && before.st_ino == info.st_ino;
  if (known && !same) torn_ = false;  // another file holds nothing of a line that was cut off
  fd_ = std::move(fd);
  regular_ = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
}

// O_NONBLOCK: a FIFO that nobody reads is ENXIO and not a wait without end. O_RDWR would open it,
// but then this process is a reader itself, and is never told that the other one has gone.
int LogOutput::open() noexcept {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Fd fd(::open(path_.c_str(), kFlags, mode_));
  if (fd) {
    use(std::move(fd));
    return 0;
  }
  const int error = errno;
  struct stat info{};
  const bool waits = error == ENXIO && ::stat(path_.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
  return waits ? 0 : error;
}

LogOutput::Written LogOutput::write(std::string_view lines,
                                    const std::atomic<bool>& stop) noexcept {
  if (!fd_) {
    if (const int error = open(); error != 0) return {0, error};
    if (!fd_) return {0, EPIPE};
  }
  if (torn_) {
    if (const Written end = write_some("\n", stop); end.bytes == 0) return {0, end.error};
    torn_ = false;
  }
  Written written = write_some(lines, stop);
  if (written.error == 0) return written;
  const std::size_t whole = lines.substr(0, written.bytes).rfind('\n') + 1;  // npos + 1 is 0
  torn_ = written.bytes > whole && !take_back(written.bytes - whole);
  written.bytes = whole;
  // Whoever comes next to read a FIFO is let in by opening it again.
  if (written.error == EPIPE && !path_.empty()) fd_ = Fd();
  return written;
}

// The descriptor may be a terminal that is shared with other programs, so O_NONBLOCK is not ours to
// set. poll() promises that a pipe takes PIPE_BUF bytes (pipe(7)), and takes so many whole or not
// at all: lines that fit are never torn.
LogOutput::Written LogOutput::write_some(std::string_view bytes,
                                         const std::atomic<bool>& stop) noexcept {
  Written written;
  while (written.bytes < bytes.size()) {
    std::string_view part = bytes.substr(written.bytes);
    if (!regular_) {
      if (written.error = wait_for_room(stop); written.error != 0 || stop) return written;
      part = part.substr(0, PIPE_BUF);
      if (const std::size_t end = part.rfind('\n'); end != part.npos)
        part = part.substr(0, end + 1);
    }
    const ssize_t n = ::write(fd_.get(), part.data(), part.size());
    if (n > 0) {
      written.bytes += static_cast<std::size_t>(n);
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
      written.error = errno;
      return written;
    }
  }
  return written;
}

int LogOutput::wait_for_room(const std::atomic<bool>& stop) noexcept {
  constexpr int kSliceMs = 20;
  pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  while (!stop) {
    const int n = ::poll(&room, 1, kSliceMs);
    if (n > 0) return 0;
    if (n < 0 && errno != EINTR) return errno;
  }
  return 0;
}

// Only from the end of a file: another process may have written behind.
bool LogOutput::take_back(std::size_t bytes) noexcept {
  struct stat info{};
  const off_t end = regular_ ? ::lseek(fd_.get(), 0, SEEK_CUR) : -1;
  if (end < 0 || ::fstat(fd_.get(), &info) != 0 || info.st_size != end) return false;
  const off_t begin = end - static_cast<off_t>(bytes);
  return ::ftruncate(fd_.get(), begin) == 0 && ::lseek(fd_.get(), begin, SEEK_SET) == begin;
}

}  // namespace troika
