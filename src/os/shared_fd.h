#pragma once
#include <cstdint>
#include <utility>

#include "os/fd.h"

namespace troika {

// A descriptor with several users, of which the last one closes it: an OpenFile and the reads of it
// that the thread pool still makes. The count is not atomic: it changes on the worker only.
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
