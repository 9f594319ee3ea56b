#include "loop/file_reader.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "loop/thread_pool.h"
#include "os/fd.h"
#include "os/file_open.h"

namespace troika {
namespace {

constexpr std::size_t kMaxRead = BufferPool::kSizes.back();

struct OpenResult {
  Fd fd;
  struct stat info{};
  int error = 0;
};

OpenResult try_open(int root, const std::string& path, bool cached) noexcept {
  OpenResult result;
  const int fd = open_beneath(root, path.c_str(), cached);
  if (fd < 0) {
    result.error = -fd;
    return result;
  }
  result.fd = Fd(fd);
  if (fstat(fd, &result.info) != 0) result.error = errno;
  return result;
}

Result<std::unique_ptr<OpenFile>> opened(OpenResult result, SharedFd root, std::string path) {
  if (result.error != 0) return std::unexpected(open_error(result.error));
  std::unique_ptr<const UvOpenFile::Place> place;
  if (S_ISDIR(result.info.st_mode)) {
    place = std::make_unique<const UvOpenFile::Place>(std::move(root), std::move(path));
  }
  return std::make_unique<UvOpenFile>(std::move(result.fd), result.info, std::move(place));
}

class OpenJob final : public PoolJob {
 public:
  OpenJob(SharedFd root, std::string path, FileReader::Opened done)
      : root_(std::move(root)), path_(std::move(path)), done_(std::move(done)) {}

 private:
  void work() noexcept override {
    for (int i = 0; i < kOpenTries; ++i) {
      result_ = try_open(root_.get(), path_, false);
      if (result_.error != EAGAIN) return;
    }
  }
  void finish() override { done_(opened(std::move(result_), std::move(root_), std::move(path_))); }
  void forget() noexcept override { done_ = nullptr; }

  SharedFd root_;
  std::string path_;
  FileReader::Opened done_;
  OpenResult result_;
};

Result<Slice> read_result(ssize_t count, SlabWriter& writer) {
  if (count < 0) return fail(ErrorCode::io, "reading a file failed");
  return writer.commit(static_cast<std::size_t>(count));
}

// Keeps the file open and the slab alive as long as the pool may write into it.
class ReadJob final : public PoolJob {
 public:
  ReadJob(SharedFd fd, std::uint64_t offset, std::size_t size, SlabWriter writer,
          FileReader::Read done)
      : fd_(std::move(fd)),
        offset_(static_cast<off_t>(offset)),
        writer_(std::move(writer)),
        space_(writer_.space().first(size)),
        done_(std::move(done)) {}

 private:
  void work() noexcept override {
    count_ =
        uninterrupted([&] { return ::pread(fd_.get(), space_.data(), space_.size(), offset_); });
  }
  void finish() override { done_(read_result(count_, writer_)); }
  void forget() noexcept override { done_ = nullptr; }

  SharedFd fd_;
  off_t offset_;
  SlabWriter writer_;
  std::span<std::byte> space_;
  FileReader::Read done_;
  ssize_t count_ = 0;
};

}  // namespace

std::unique_ptr<Operation> UvFileReader::find_root(Found done) {
  return find_root_folder(loop_, root_, report_, std::move(done));
}

std::unique_ptr<Operation> UvFileReader::open(const Ref<RootFolder>& root, std::string path,
                                              Opened done) {
  const SharedFd& folder = static_cast<const UvRootFolder&>(*root).fd();
  OpenResult result = try_open(folder.get(), path, true);
  if (result.error == EAGAIN) {
    return PoolJob::run(loop_, std::make_unique<OpenJob>(folder, std::move(path), std::move(done)));
  }
  done(opened(std::move(result), folder, std::move(path)));
  return nullptr;
}

std::unique_ptr<Operation> UvFileReader::read(OpenFile& file, std::uint64_t offset,
                                              std::size_t max_bytes, Read done) {
  const SharedFd& fd = static_cast<UvOpenFile&>(file).fd();
  const std::size_t size = std::clamp<std::size_t>(max_bytes, 1, kMaxRead);
  SlabWriter writer(pool_, size);
  const ssize_t count = read_now(file, offset, writer.space().first(size));
  if (count == -EAGAIN) {
    return PoolJob::run(
        loop_, std::make_unique<ReadJob>(fd, offset, size, std::move(writer), std::move(done)));
  }
  done(read_result(count, writer));
  return nullptr;
}

// Reads without waiting. Returns the number of bytes, 0 at the end of the file, or -errno.
ssize_t UvFileReader::read_now(const OpenFile& file, std::uint64_t offset,
                               std::span<std::byte> space) {
  const int fd = static_cast<const UvOpenFile&>(file).fd().get();
  const dev_t device = file.info().st_dev;
  const iovec part{.iov_base = space.data(), .iov_len = space.size()};
  for (;;) {
    const Way way = way_of(device);
    if (way == Way::on_pool) return -EAGAIN;
    const int flags = way == Way::nowait ? RWF_NOWAIT : 0;
    const ssize_t count = ::preadv2(fd, &part, 1, static_cast<off_t>(offset), flags);
    if (count > 0) return count;
    // preadv2(2), "Bugs": with RWF_NOWAIT some kernels return 0 where a read would have to wait.
    if (count == 0) {
      const bool past_end = offset >= static_cast<std::uint64_t>(file.info().st_size);
      return way == Way::plain || past_end ? 0 : -EAGAIN;
    }
    if (errno == EOPNOTSUPP && way == Way::nowait) {
      learn_way(device, fd);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
}

UvFileReader::Way UvFileReader::way_of(dev_t device) const noexcept {
  const auto found = std::ranges::find(devices_, device, &Device::id);
  return found == devices_.end() ? Way::nowait : found->way;
}

// tmpfs has no RWF_NOWAIT, and does not need it: its pages are in memory (or in swap).
void UvFileReader::learn_way(dev_t device, int fd) {
  struct statfs info{};
  const bool memory = fstatfs(fd, &info) == 0 && info.f_type == TMPFS_MAGIC;
  devices_.push_back({device, memory ? Way::plain : Way::on_pool});
}

}  // namespace troika
