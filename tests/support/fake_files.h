#pragma once
// A file system in memory behind FileReader: completes at once or on demand, and fails on demand.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "ports/file_reader.h"

namespace troika::test {

class FakeFiles final : public FileReader {
 public:
  struct Entry {
    std::string content{};
    mode_t mode = S_IFREG | 0644U;
    std::time_t modified = 1'600'000'000;
    std::optional<ErrorCode> open_error{};  // of open() and look_at()
    std::optional<ErrorCode> read_error{};  // of read(), read_at() and list()
    long modified_ns = 0;
    // An entry of another inode has replaced the file: who has it open sees what it was when it was
    // opened. With the same inode it is a change in place, seen by everybody.
    ino_t inode = 1;
    std::optional<dev_t> device{};  // not said: one for each path, so that no two are the same file
    std::time_t changed = 1'600'000'000;  // st_ctim
    std::optional<off_t> claimed_size{};  // st_size, if it is not that of the content
    std::optional<mode_t> listed_as{};    // what list() says: S_IFLNK, or 0 for "unknown"
  };

  explicit FakeFiles(BufferPool& pool) noexcept : pool_(pool) {}
  FakeFiles(const FakeFiles&) = delete;
  FakeFiles& operator=(const FakeFiles&) = delete;

  std::map<std::string, Entry> entries;  // what is not here is not found, but for "."
  bool later = false;                    // operations wait for complete()
  bool root_later = false;               // looks for the root do, too
  std::size_t short_reads = kMaxRead;    // a read gives at most so many bytes
  std::vector<std::string> opened;       // every path that was asked for
  std::vector<std::size_t> reads;        // the max_bytes of every read
  int open_files = 0;                    // alive
  RootFolder::Id root{1, 1};             // of the folder that the path stands for
  std::optional<ErrorCode> root_error{};
  int looks = 0;       // for the root
  int open_roots = 0;  // alive

  std::size_t waiting() const noexcept { return waiting_.size(); }

  Ref<RootFolder> found();

  // Completes the operation that has waited longest.
  void complete();

  std::unique_ptr<Operation> find_root(Found done) override;
  // Of another root than that of this moment nothing is left.
  std::unique_ptr<Operation> open(const Ref<RootFolder>& from, std::string path,
                                  Opened done) override;
  std::unique_ptr<Operation> read_pieces(OpenFile& file, std::uint64_t offset,
                                         std::size_t max_bytes, const Pieces& pieces,
                                         Read done) override;

 private:
  static constexpr std::size_t kMaxRead = 65536;

  struct Node;
  struct Pending;
  class File;
  class Root;

  static struct stat stat_of(const Entry& entry, const std::string& path) noexcept;
  static std::string_view rest_of(const Entry& entry, std::uint64_t offset) noexcept;
  const Entry* find(const std::string& path) const;
  std::unique_ptr<Operation> run(std::move_only_function<void()> act);
  std::unique_ptr<Operation> delay(std::move_only_function<void()> act);

  BufferPool& pool_;
  const Entry root_{.mode = S_IFDIR | 0755U};
  std::vector<Pending*> waiting_;
};

}  // namespace troika::test
