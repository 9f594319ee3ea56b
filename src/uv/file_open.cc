#include "uv/file_open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>

namespace troika {

int open_beneath(int folder, const char* path, bool cached) noexcept {
  open_how how{};
  how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (cached) how.resolve |= RESOLVE_CACHED;
  long fd = 0;
  do {
    fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
  } while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

Error open_error(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG: return {ErrorCode::not_found, "no such file"};
    case ENXIO: return {ErrorCode::not_found, "a socket, or a device that is not there"};
    case EXDEV: return {ErrorCode::not_found, "a link or path that leads out of the root"};
    case EACCES:
    case EPERM: return {ErrorCode::denied, "the file may not be read"};
    case EMFILE:
    case ENFILE:
    case ENOMEM: return {ErrorCode::unavailable, "file descriptors or memory are used up"};
    case EAGAIN: return {ErrorCode::unavailable, "the folders changed during each attempt to open"};
    default: return {ErrorCode::io, "opening failed"};
  }
}

}  // namespace troika
