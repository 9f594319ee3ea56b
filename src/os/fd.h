#pragma once
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace troika {

// Repeats a system call while it fails with EINTR.
template <class Call>
auto uninterrupted(Call call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// For calls at start that fail when the machine lacks a resource. `status`: 0 or more, or -errno:
// then throws std::system_error, as std::thread does.
inline void required(int status) {
  if (status < 0) throw std::system_error(-status, std::generic_category());
}

// Owns a file descriptor.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// A descriptor with several users: an OpenFile and its reads on the thread pool. The last one
// closes it. The count is not atomic: it changes on the worker only.
class SharedFd {
 public:
  SharedFd() noexcept = default;
  explicit SharedFd(Fd fd) : use_(new Use{std::move(fd), 1}) {}
  SharedFd(const SharedFd& other) noexcept : use_(other.use_) {
    if (use_ != nullptr) ++use_->count;
  }
  SharedFd(SharedFd&& other) noexcept : use_(std::exchange(other.use_, nullptr)) {}
  SharedFd& operator=(SharedFd other) noexcept {
    std::swap(use_, other.use_);
    return *this;
  }
  ~SharedFd() {
    if (use_ != nullptr && --use_->count == 0) delete use_;
  }
  int get() const noexcept { return use_->fd.get(); }

 private:
  struct Use {
    Fd fd;
    std::uint32_t count;
  };
  Use* use_ = nullptr;
};

}  // namespace troika
