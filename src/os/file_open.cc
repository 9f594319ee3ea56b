#include "os/file_open.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/fd.h"

namespace troika {
namespace {

constexpr auto kNoLinksHere = 0x2000;  // ST_NOSYMFOLLOW: mount option nosymfollow

int open_at(int folder, const char* name, int flags) noexcept {
  const int fd = uninterrupted([&] { return ::openat(folder, name, flags | O_CLOEXEC); });
  return fd < 0 ? -errno : fd;
}

class Walk {
 public:
  Walk(int root, std::string_view path, int flags) : root_(root), flags_(flags), path_(path) {}

  int run() {
    if (path_.empty()) return -ENOENT;
    if (path_.size() >= PATH_MAX) return -ENAMETOOLONG;
    if (path_.front() == '/') return -EXDEV;
    for (;;) {
      const Segment segment = take();
      const int result =
          segment.name == "." || segment.name == ".." ? dots(segment) : name(segment);
      if (result != kGoOn) return result;
    }
  }

 private:
  struct Segment {
    std::string name;
    bool last;       // only slashes follow it
    bool is_folder;  // a slash follows it
  };
  static constexpr int kGoOn = INT_MIN;  // neither a descriptor nor an errno

  int here() const noexcept { return folders_.empty() ? root_ : folders_.back().get(); }

  Segment take() {
    const std::size_t end = std::min(path_.find('/', at_), path_.size());
    Segment segment{path_.substr(at_, end - at_), false, end < path_.size()};
    at_ = std::min(path_.find_first_not_of('/', end), path_.size());
    segment.last = at_ == path_.size();
    return segment;
  }

  int dots(const Segment& segment) {
    // As in the kernel, even these names need permission to enter the folder.
    const int self = open_at(here(), ".", O_PATH);
    if (self < 0) return self;
    const Fd entered(self);
    if (segment.name == "..") {
      if (folders_.empty()) return -EXDEV;
      folders_.pop_back();
    }
    return segment.last ? open_at(here(), ".", flags_) : kGoOn;
  }

  int name(const Segment& segment) {
    const int fd = open_at(here(), segment.name.c_str(), O_PATH | O_NOFOLLOW);
    if (fd < 0) return fd;
    Fd found(fd);
    struct stat info{};
    if (::fstat(fd, &info) != 0) return -errno;
    if (S_ISLNK(info.st_mode)) return follow(fd, segment);
    const bool must_be_folder = segment.is_folder || (segment.last && (flags_ & O_DIRECTORY) != 0);
    if (must_be_folder && !S_ISDIR(info.st_mode)) return -ENOTDIR;
    if (!segment.last) {
      if (folders_.size() == kMostFolders) return -ELOOP;
      folders_.push_back(std::move(found));
      return kGoOn;
    }
    if ((flags_ & O_PATH) != 0) return found.release();
    const int opened = open_at(here(), segment.name.c_str(), flags_ | O_NOFOLLOW);
    return opened == -ELOOP ? -EAGAIN : opened;
  }

  // Replaces a link by its target in the path.
  int follow(int link, const Segment& segment) {
    if (++links_ > kMostLinks) return -ELOOP;
    struct statfs system{};
    if (uninterrupted([&] { return ::fstatfs(link, &system); }) != 0) return -errno;
    // The text of links in /proc is not where the kernel would go.
    if (system.f_type == PROC_SUPER_MAGIC || (system.f_flags & kNoLinksHere) != 0) return -ELOOP;
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(link, "", target.data(), target.size());
    if (size < 0) return -errno;
    if (size == 0) return -ENOENT;
    if (static_cast<std::size_t>(size) == target.size()) return -ENAMETOOLONG;
    if (target.front() == '/') return -EXDEV;
    std::string path(target.data(), static_cast<std::size_t>(size));
    if (segment.is_folder) path += '/';
    path_ = path.append(path_, at_);
    at_ = 0;
    return kGoOn;
  }

  int root_;
  int flags_;
  std::string path_;
  std::size_t at_ = 0;       // the path before it has been walked
  std::vector<Fd> folders_;  // beneath the root, the innermost last
  unsigned links_ = 0;
};

}  // namespace

int walk_beneath(int root, const char* path, int flags) noexcept {
  return Walk(root, path, flags).run();
}

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

// A file must be readable and a folder enterable to be opened; because of access lists only the
// kernel can tell.
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
  // A separate open file description: descriptors copied with dup() would share one offset.
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

namespace {

int call_openat2(int folder, const char* path, int flags, std::uint64_t resolve) noexcept {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve;
  const long fd =
      uninterrupted([&] { return ::syscall(SYS_openat2, folder, path, &how, sizeof how); });
  return fd < 0 ? -errno : static_cast<int>(fd);
}

// Kernels before 5.6, gVisor and systemd return ENOSYS, older container profiles EPERM.
bool is_refused(int result) noexcept { return result == -ENOSYS || result == -EPERM; }

// openat2 is tried each time: a sandbox may start later, and EPERM may be about the file.
int resolve_beneath(int folder, const char* path, int flags, bool cached) noexcept {
  const int fd = call_openat2(folder, path, flags, cached ? RESOLVE_CACHED : 0);
  // EINVAL: kernels before 5.12 do not know RESOLVE_CACHED. walk_beneath() always waits for the
  // disk.
  if (cached) return is_refused(fd) || fd == -EINVAL ? -EAGAIN : fd;
  return is_refused(fd) ? walk_beneath(folder, path, flags) : fd;
}

}  // namespace

int open_beneath(int folder, const char* path, bool cached) noexcept {
  const int fd = resolve_beneath(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, cached);
  if (fd != -EACCES) return fd;
  // A folder's "." is found only with permission to enter it.
  const std::string inside = std::string(path) + "/.";
  const int folder_fd = resolve_beneath(folder, inside.c_str(), O_PATH | O_DIRECTORY, cached);
  return folder_fd >= 0 || folder_fd == -EAGAIN ? folder_fd : -EACCES;
}

int find_beneath(int folder, const char* path) noexcept {
  return resolve_beneath(folder, path, O_PATH, false);
}

int openat2_refusal(int folder) noexcept {
  const int fd = call_openat2(folder, ".", O_PATH, 0);
  if (fd >= 0) ::close(fd);
  return is_refused(fd) ? -fd : 0;
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
    case ENOMEM:
      return {ErrorCode::unavailable, "file descriptors or memory are used up, see ulimit -n"};
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
  constexpr std::uint64_t kMost = std::numeric_limits<off_t>::max();  // pread cannot go beyond it
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
