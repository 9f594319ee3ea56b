#include "uv/file_open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "uv/folder.h"
#include "uv/uninterrupted.h"

namespace troika {
namespace {

int walk_beneath(int folder, const char* path, std::uint64_t flags,
                 std::uint64_t resolve) noexcept {
  open_how how{};
  how.flags = flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve;
  const long fd =
      uninterrupted([&] { return ::syscall(SYS_openat2, folder, path, &how, sizeof how); });
  return fd < 0 ? -errno : static_cast<int>(fd);
}

}  // namespace

int open_beneath(int folder, const char* path, bool cached) noexcept {
  return walk_beneath(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                      cached ? RESOLVE_CACHED : 0);
}

int find_beneath(int folder, const char* path) noexcept {
  return walk_beneath(folder, path, O_PATH | O_CLOEXEC, 0);
}

Error open_error(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG: return {ErrorCode::not_found, "no such file"};
    case EINVAL:  // names that this file system cannot have
    case EILSEQ: return {ErrorCode::not_found, "no such name"};
    case ENODEV:
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

Result<struct stat> UvOpenFile::now() const noexcept {
  struct stat info{};
  if (uninterrupted([&] { return ::fstat(fd_.get(), &info); }) != 0) {
    return fail(ErrorCode::io, "looking at an open file failed");
  }
  return info;
}

Result<std::size_t> UvOpenFile::read_at(std::uint64_t offset,
                                        std::span<std::byte> into) const noexcept {
  constexpr std::uint64_t kMost = std::numeric_limits<off_t>::max();  // pread refuses to pass it
  const std::span<std::byte> space =
      into.first(std::min<std::uint64_t>(into.size(), kMost - std::min(offset, kMost)));
  std::size_t filled = 0;
  while (filled < space.size()) {
    const std::span<std::byte> rest = space.subspan(filled);
    const auto at = static_cast<off_t>(offset + filled);
    const ssize_t count =
        uninterrupted([&] { return ::pread(fd_.get(), rest.data(), rest.size(), at); });
    if (count < 0) return fail(ErrorCode::io, "reading a file failed");
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

Status UvOpenFile::list(const Visitor& visit) const {
  if (!place_) return fail(ErrorCode::io, "not a folder");
  return list_folder(fd_.get(), visit);
}

Result<struct stat> UvOpenFile::look_at(std::string_view name) const {
  if (!place_) return fail(ErrorCode::io, "not a folder");
  return look_into_folder(fd_.get(), name, place_->root.get(), place_->path);
}

}  // namespace troika
