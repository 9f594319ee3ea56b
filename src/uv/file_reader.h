#pragma once
#include <string>
#include <vector>

#include "base/buffer.h"
#include "net/file_reader.h"
#include "uv/loop.h"
#include "uv/shared_fd.h"

namespace troika {

// Opens a folder to serve, or says in one sentence what is wrong with it. Each reader (each worker)
// needs a descriptor of its own.
Checked<Fd> open_root(const std::string& path);

// Files beneath one folder. What the kernel has in its caches is read on the loop, at once; the
// rest by libuv's thread pool. Operations and files may outlive the reader, but the BufferPool must
// outlive the loop.
class UvFileReader final : public FileReader {
 public:
  UvFileReader(Loop& loop, BufferPool& pool, Fd root)
      : loop_(loop), pool_(pool), root_(std::move(root)) {}

  [[nodiscard]] std::unique_ptr<Operation> open(std::string path, Opened done) override;
  [[nodiscard]] std::unique_ptr<Operation> read(OpenFile& file, std::uint64_t offset,
                                                std::size_t max_bytes, Read done) override;

 private:
  enum class Way : std::uint8_t { nowait, plain, on_pool };
  // A file system that does not know RWF_NOWAIT.
  struct Device {
    dev_t id;
    Way way;
  };

  ssize_t read_now(const OpenFile& file, std::uint64_t offset, std::span<std::byte> space);
  Way way_of(dev_t device) const noexcept;
  void learn_way(dev_t device, int fd);

  Loop& loop_;
  BufferPool& pool_;
  SharedFd root_;
  std::vector<Device> devices_;
};

}  // namespace troika
