#include "os/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "os/fd.h"
#include "os/file_open.h"
#include "os/system_call.h"

namespace troika {
namespace {

struct Closedir {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using Listing = std::unique_ptr<DIR, Closedir>;

Error errno_error() noexcept { return open_error(errno); }

bool is_a_name(std::string_view name) noexcept {
  return !name.empty() && name != "." && name != ".." && !name.contains('/') &&
         !name.contains('\0');
}

// Only what may be read, or entered, can be opened; the kernel alone knows, as there are access
// lists.
Result<struct stat> accessible(int folder, const char* name, int flags) noexcept {
  struct stat info{};
  if (uninterrupted([&] { return ::fstatat(folder, name, &info, flags); }) != 0) {
    return std::unexpected(errno_error());
  }
  if (S_ISLNK(info.st_mode)) return info;
  const int need = S_ISDIR(info.st_mode) ? X_OK : R_OK;
  if (uninterrupted([&] { return ::faccessat(folder, name, need, flags | AT_EACCESS); }) != 0) {
    return std::unexpected(errno_error());
  }
  return info;
}

Result<struct stat> behind_link(int root, const std::string& path) noexcept {
  int fd = -EAGAIN;
  for (int i = 0; i < kOpenTries && fd == -EAGAIN; ++i) fd = find_beneath(root, path.c_str());
  if (fd < 0) return std::unexpected(open_error(-fd));
  const Fd found(fd);
  return accessible(fd, "", AT_EMPTY_PATH);
}

}  // namespace

Status list_folder(int folder, const OpenFile::Visitor& visit) {
  // A description of its own: copies made with dup() would share one offset.
  Fd fd(uninterrupted([&] { return ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd) return std::unexpected(errno_error());
  const Listing listing(::fdopendir(fd.get()));
  if (!listing) return std::unexpected(errno_error());
  static_cast<void>(fd.release());
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(listing.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (!visit(name, static_cast<mode_t>(DTTOIF(entry->d_type)))) return {};
  }
  if (errno != 0) return fail(ErrorCode::io, "reading a folder failed");
  return {};
}

Result<struct stat> look_into_folder(int folder, std::string_view name, int root,
                                     const std::string& path) {
  if (!is_a_name(name)) return fail(ErrorCode::not_found, "not a name in a folder");
  const std::string text(name);
  const Result<struct stat> info = accessible(folder, text.c_str(), AT_SYMLINK_NOFOLLOW);
  if (!info || !S_ISLNK(info->st_mode)) return info;
  return behind_link(root, path + "/" + text);
}

}  // namespace troika
