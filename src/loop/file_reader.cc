#include "loop/file_reader.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

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

// Where the pieces go within a slab.
struct Layout {
  Layout(std::span<std::byte> space, std::size_t content, const Pieces& pieces) noexcept {
    while (content > 0 && count < parts.size()) {
      const std::size_t size = std::min(content, pieces.bytes);
      parts[count++] = {.iov_base = space.data() + pieces.gap, .iov_len = size};
      space = space.subspan(pieces.gap + size);
      content -= size;
    }
  }
  std::array<iovec, FileReader::kMostPieces> parts{};
  std::size_t count = 0;
};

Result<Slice> read_result(ssize_t count, SlabWriter& writer, const Pieces& pieces) {
  if (count < 0) return fail(ErrorCode::io, "reading a file failed");
  return writer.commit(pieces.space_of(static_cast<std::size_t>(count)));
}

// Keeps the file open and the slab alive as long as the pool may write into it.
class ReadJob final : public PoolJob {
 public:
  ReadJob(SharedFd fd, std::uint64_t offset, const Layout& layout, const Pieces& pieces,
          SlabWriter writer, FileReader::Read done)
      : fd_(std::move(fd)),
        offset_(static_cast<off_t>(offset)),
        layout_(layout),
        pieces_(pieces),
        writer_(std::move(writer)),
        done_(std::move(done)) {}

 private:
  void work() noexcept override {
    for (const iovec& part : std::span(layout_.parts).first(layout_.count)) {
      const ssize_t count = uninterrupted(
          [&] { return ::pread(fd_.get(), part.iov_base, part.iov_len, offset_ + count_); });
      if (count < 0 && count_ == 0) count_ = -1;
      if (count > 0) count_ += count;
      if (std::cmp_less(count, part.iov_len)) return;
    }
  }
  void finish() override { done_(read_result(count_, writer_, pieces_)); }
  void forget() noexcept override { done_ = nullptr; }

  SharedFd fd_;
  off_t offset_;
  Layout layout_;
  Pieces pieces_;
  SlabWriter writer_;
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

std::unique_ptr<Operation> UvFileReader::read_pieces(OpenFile& file, std::uint64_t offset,
                                                     std::size_t max_bytes, const Pieces& pieces,
                                                     Read done) {
  const SharedFd& fd = static_cast<UvOpenFile&>(file).fd();
  const std::size_t size = std::clamp<std::size_t>(max_bytes, 1, pieces.content_of(kMaxRead));
  SlabWriter writer(pool_, pieces.space_of(size));
  const Layout layout(writer.space(), size, pieces);
  const ssize_t count = read_now(file, offset, std::span(layout.parts).first(layout.count));
  if (count == -EAGAIN) {
    return PoolJob::run(loop_, std::make_unique<ReadJob>(fd, offset, layout, pieces,
                                                         std::move(writer), std::move(done)));
  }
  done(read_result(count, writer, pieces));
  return nullptr;
}

// Reads without waiting. Returns the number of bytes, 0 at the end of the file, or -errno.
ssize_t UvFileReader::read_now(const OpenFile& file, std::uint64_t offset,
                               std::span<const iovec> parts) {
  const int fd = static_cast<const UvOpenFile&>(file).fd().get();
  const dev_t device = file.info().st_dev;
  for (;;) {
    const Way way = way_of(device);
    if (way == Way::on_pool) return -EAGAIN;
    const int flags = way == Way::nowait ? RWF_NOWAIT : 0;
    const ssize_t count = ::preadv2(fd, parts.data(), static_cast<int>(parts.size()),
                                    static_cast<off_t>(offset), flags);
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
