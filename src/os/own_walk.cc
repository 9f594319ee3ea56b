#include "os/own_walk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/fd.h"

namespace troika {
namespace {

constexpr auto kNoLinksHere = 0x2000;  // ST_NOSYMFOLLOW: the mount option of that name

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
    bool last;       // nothing comes after it but slashes
    bool is_folder;  // a slash comes after it
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
    // As the kernel does: a folder has even these names only for those who may enter it.
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

  // Puts what a link says in its place.
  int follow(int link, const Segment& segment) {
    if (++links_ > kMostLinks) return -ELOOP;
    struct statfs system{};
    if (uninterrupted([&] { return ::fstatfs(link, &system); }) != 0) return -errno;
    // What links in /proc say is not where the kernel would go.
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
  std::size_t at_ = 0;       // what is before it has been walked
  std::vector<Fd> folders_;  // beneath the root, the innermost last
  unsigned links_ = 0;
};

}  // namespace

int walk_beneath(int root, const char* path, int flags) noexcept {
  return Walk(root, path, flags).run();
}

}  // namespace troika
