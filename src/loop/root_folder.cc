#include "loop/root_folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "loop/thread_pool.h"
#include "os/fd.h"
#include "os/file_open.h"

namespace troika {
namespace {

struct Looked {
  Fd fd;
  RootFolder::Id id{};
  int error = 0;
};

Looked looked(int fd) noexcept {
  Looked result;
  struct stat info{};
  result.fd = Fd(fd);
  if (fd < 0 || uninterrupted([&] { return ::fstat(fd, &info); }) != 0) result.error = errno;
  result.id = {info.st_dev, info.st_ino};
  return result;
}

Looked look(const std::string& path) noexcept {
  return looked(
      uninterrupted([&] { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
}

// Nothing when it would have to wait, or when the kernel cannot tell.
std::optional<Looked> look_now(const std::string& path) noexcept {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_CACHED;
  Looked result = looked(static_cast<int>(uninterrupted(
      [&] { return ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how); })));
  switch (result.error) {
    case EAGAIN:
    case ENOSYS:
    case EPERM:
    case EINVAL: return std::nullopt;
    default: return result;
  }
}

Result<Ref<RootFolder>> found(Looked result) {
  if (result.error != 0) return std::unexpected(open_error(result.error));
  return Ref<RootFolder>(new UvRootFolder(result.id, std::move(result.fd)));
}

class LookJob final : public PoolJob {
 public:
  LookJob(Loop& loop, TimePoint begun, std::string path, RootReport report, FileReader::Found done)
      : loop_(loop),
        begun_(begun),
        path_(std::move(path)),
        report_(std::move(report)),
        done_(std::move(done)) {}

 private:
  void work() noexcept override { result_ = look(path_); }
  void finish() override {
    if (report_) report_({result_.error, begun_, loop_.clock().now()});
    done_(found(std::move(result_)));
  }
  void forget() noexcept override { done_ = nullptr; }

  Loop& loop_;
  TimePoint begun_;
  std::string path_;
  RootReport report_;
  FileReader::Found done_;
  Looked result_;
};

}  // namespace

std::unique_ptr<Operation> find_root_folder(Loop& loop, const std::string& path,
                                            const RootReport& report, FileReader::Found done) {
  const TimePoint begun = loop.clock().now();
  std::optional<Looked> result = look_now(path);
  if (!result) {
    return PoolJob::run(loop,
                        std::make_unique<LookJob>(loop, begun, path, report, std::move(done)));
  }
  if (report) report({result->error, begun, loop.clock().now()});
  done(found(std::move(*result)));
  return nullptr;
}

Checked<Fd> open_root(const std::string& path) {
  Looked root = look(path);
  if (root.error == 0) {
    // May it be entered?
    const int fd = find_beneath(root.fd.get(), ".");
    if (fd >= 0) {
      ::close(fd);
      return std::move(root.fd);
    }
    root.error = -fd;
    if (root.error == EACCES) {
      return std::unexpected(formatted(
          "the folder {} cannot be entered by this user: execute permission (x) is missing", path));
    }
  }
  switch (root.error) {
    case ENOENT:
      return std::unexpected(
          formatted("the folder {} does not exist: create it, or serve another one", path));
    case ENOTDIR:
      return std::unexpected(formatted("{} is not a folder: give a folder to serve", path));
    default:
      return std::unexpected(
          formatted("the folder {} cannot be opened: {}", path, std::strerror(root.error)));
  }
}

std::string lasting_path(const std::string& path) {
  std::error_code failed;
  const std::string absolute = std::filesystem::absolute(path, failed).string();
  if (failed) return path;
  const Looked here = look(path);
  const Looked there = look(absolute);
  return there.error == 0 && here.id == there.id ? absolute : path;
}

}  // namespace troika
