#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/buffer.h"
#include "base/error.h"
#include "base/ownership.h"

namespace troika {

// An open file or folder. Freed (closed) on the worker. An operation on the thread pool keeps the
// descriptor open, so a body may be destroyed at any time without its number being reused.
// Functions marked "Blocks" are for Background tasks: their thread may call them while the owner of
// the task keeps the file alive.
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  virtual const struct stat& info() const noexcept = 0;  // fstat when it was opened
  virtual Result<struct stat> now() const noexcept = 0;  // fstat now

  // Blocks. Reads from the offset until `into` is full or the file ends. Returns the number of
  // bytes.
  virtual Result<std::size_t> read_at(std::uint64_t offset,
                                      std::span<std::byte> into) const noexcept = 0;

  // Blocks; folders only. Names are unordered, without "." and ".."; `type` is S_IFDIR, S_IFREG,
  // S_IFLNK, ..., or 0 when the file system does not tell. A visitor that returns false ends it.
  using Visitor = std::function<bool(std::string_view name, mode_t type)>;
  virtual Status list(const Visitor& visit) const = 0;
  // Blocks; folders only. The stat of the file that opening the name would find; links are followed
  // beneath the root only.
  virtual Result<struct stat> look_at(std::string_view name) const = 0;
};

// The served folder as it was found once. All files opened beneath it belong to one tree, even if
// its path later names another folder. It holds a descriptor.
class RootFolder : public Counted {
 public:
  // Unique as long as the folder is open.
  struct Id {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Id&) const = default;
  };

  explicit RootFolder(Id id) noexcept : id_(id) {}
  virtual ~RootFolder() = default;
  Id id() const noexcept { return id_; }

 private:
  Id id_;
};

// File access for handlers. All calls complete on the worker: inside the call when the kernel has
// the data in its caches, later otherwise. The returned operation is null when it completed inside
// the call.
class FileReader {
 public:
  using Found = std::move_only_function<void(Result<Ref<RootFolder>>)>;
  using Opened = std::move_only_function<void(Result<std::unique_ptr<OpenFile>>)>;
  using Read = std::move_only_function<void(Result<Slice>)>;

  virtual ~FileReader() = default;
  // Looks for the root folder by its path. Errors: as open().
  [[nodiscard]] virtual std::unique_ptr<Operation> find_root(Found done) = 0;
  // Opens `path` (relative, "." for the root itself) beneath the root folder and never outside it.
  // Folders and other kinds can be opened as well: check info(). Opening a folder needs permission
  // to enter it, not to list it.
  // Errors: not_found, denied, unavailable (no descriptors left, or repeated races), io.
  [[nodiscard]] virtual std::unique_ptr<Operation> open(const Ref<RootFolder>& root,
                                                        std::string path, Opened done) = 0;
  // Reads up to max_bytes at the offset. With their gaps they take at most 64 KiB and kMostPieces
  // pieces. The slice includes the gaps. An empty one means the end of the file.
  static constexpr std::size_t kMostPieces = 8;
  [[nodiscard]] virtual std::unique_ptr<Operation> read_pieces(OpenFile& file, std::uint64_t offset,
                                                               std::size_t max_bytes,
                                                               const Pieces& pieces, Read done) = 0;
  // The same without gaps.
  [[nodiscard]] std::unique_ptr<Operation> read(OpenFile& file, std::uint64_t offset,
                                                std::size_t max_bytes, Read done) {
    return read_pieces(file, offset, max_bytes, {}, std::move(done));
  }
};

}  // namespace troika
