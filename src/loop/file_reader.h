#pragma once
#include <sys/uio.h>

#include <span>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "loop/loop.h"
#include "loop/root_folder.h"
#include "ports/file_reader.h"

namespace troika {

// Reads files beneath the folder of a path: data in the kernel's caches at once, on the loop, the
// rest on libuv's thread pool. Operations and files may outlive the reader, but the BufferPool must
// outlive the loop.
class UvFileReader final : public FileReader {
 public:
  // `report` may be empty; it may be called after the reader is destroyed, as long as the loop
  // lives.
  UvFileReader(Loop& loop, BufferPool& pool, std::string root, RootReport report = {})
      : loop_(loop), pool_(pool), root_(std::move(root)), report_(std::move(report)) {}

  [[nodiscard]] std::unique_ptr<Operation> find_root(Found done) override;
  [[nodiscard]] std::unique_ptr<Operation> open(const Ref<RootFolder>& root, std::string path,
                                                Opened done) override;
  [[nodiscard]] std::unique_ptr<Operation> read_pieces(OpenFile& file, std::uint64_t offset,
                                                       std::size_t max_bytes, const Pieces& pieces,
                                                       Read done) override;

 private:
  enum class Way : std::uint8_t { nowait, plain, on_pool };
  // A file system that does not know RWF_NOWAIT.
  struct Device {
    dev_t id;
    Way way;
  };

  ssize_t read_now(const OpenFile& file, std::uint64_t offset, std::span<const iovec> parts);
  Way way_of(dev_t device) const noexcept;
  void learn_way(dev_t device, int fd);

  Loop& loop_;
  BufferPool& pool_;
  std::string root_;
  RootReport report_;
  std::vector<Device> devices_;
};

}  // namespace troika
