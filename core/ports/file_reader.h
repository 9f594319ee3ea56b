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

// An open file or folder. Freed (closed) on the worker; an operation that runs on the thread pool
// holds it open on its own, so a body may die at any time without a descriptor being used twice.
// What is marked "blocks" is for Background tasks, whose thread may call it while the owner of the
// task keeps the file alive.
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  virtual const struct stat& info() const noexcept = 0;  // of the moment of opening (fstat)
  virtual Result<struct stat> now() const noexcept = 0;  // of this moment (fstat)

  // Blocks. Fills `into` from the offset as far as the file goes; the count of bytes.
  virtual Result<std::size_t> read_at(std::uint64_t offset,
                                      std::span<std::byte> into) const noexcept = 0;

  // Blocks; of a folder. Names in no order, without "." and ".."; `type` is S_IFDIR, S_IFREG,
  // S_IFLNK, ..., or 0 when the file system does not tell. The visitor ends it with false.
  using Visitor = std::function<bool(std::string_view name, mode_t type)>;
  virtual Status list(const Visitor& visit) const = 0;
  // Blocks; of a folder. What opening the name would find, links followed beneath the root only.
  virtual Result<struct stat> look_at(std::string_view name) const = 0;
};

// The folder that is served, as it was found at one moment. What is opened beneath it comes from
// one tree, whatever its path has come to stand for. It holds a descriptor.
class RootFolder : public Counted {
 public:
  // Of no other folder, for as long as this one is open.
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

// The calls a static handler makes. All complete on the worker: at once, inside the call, when the
// kernel has it in its caches, later otherwise. The returned operation is null when it completed
// inside the call.
class FileReader {
 public:
  using Found = std::move_only_function<void(Result<Ref<RootFolder>>)>;
  using Opened = std::move_only_function<void(Result<std::unique_ptr<OpenFile>>)>;
  using Read = std::move_only_function<void(Result<Slice>)>;

  virtual ~FileReader() = default;
  // Looks for the root folder by its path. Errors: as open().
  [[nodiscard]] virtual std::unique_ptr<Operation> find_root(Found done) = 0;
  // Opens `path` (relative, "." for the root itself) beneath the root folder and never outside it.
  // Folders and other kinds open too: look at info(). A folder needs the right to enter it, not to
  // list it.
  // Errors: not_found, denied, unavailable (descriptors used up, or a race that did not end), io.
  [[nodiscard]] virtual std::unique_ptr<Operation> open(const Ref<RootFolder>& root,
                                                        std::string path, Opened done) = 0;
  // Reads up to max_bytes (at most 64 KiB) at the offset. An empty slice is the end of the file.
  [[nodiscard]] virtual std::unique_ptr<Operation> read(OpenFile& file, std::uint64_t offset,
                                                        std::size_t max_bytes, Read done) = 0;
};

}  // namespace troika
