#pragma once
#include <sys/stat.h>

#include "base/result.h"
#include "net/file_reader.h"
#include "uv/shared_fd.h"

namespace troika {

// openat2 beneath a folder, read only, without following magic links or waiting for a peer (FIFO).
// `cached`: EAGAIN instead of waiting for a disk. Returns the descriptor, or -errno.
int open_beneath(int folder, const char* path, bool cached) noexcept;

// What FileReader::open promises to say of an errno.
Error open_error(int error) noexcept;

class UvOpenFile final : public OpenFile {
 public:
  UvOpenFile(Fd fd, const struct stat& info) : fd_(std::move(fd)), info_(info) {}
  const struct stat& info() const noexcept override { return info_; }
  const SharedFd& fd() const noexcept { return fd_; }

 private:
  SharedFd fd_;
  struct stat info_;
};

}  // namespace troika
