#pragma once
// A file system in memory behind FileReader: completes at once or on demand, and fails on demand.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "net/file_reader.h"

namespace troika::test {

class FakeFiles final : public FileReader {
 public:
  struct Entry {
    std::string content{};
    mode_t mode = S_IFREG | 0644U;
    std::time_t modified = 1'600'000'000;
    std::optional<ErrorCode> open_error{};
    std::optional<ErrorCode> read_error{};
  };

  explicit FakeFiles(BufferPool& pool) noexcept : pool_(pool) {}
  FakeFiles(const FakeFiles&) = delete;
  FakeFiles& operator=(const FakeFiles&) = delete;

  std::map<std::string, Entry> entries;  // what is not here is not found
  bool later = false;                    // operations wait for complete()
  std::size_t short_reads = kMaxRead;    // a read gives at most so many bytes
  std::vector<std::string> opened;       // every path that was asked for
  std::vector<std::size_t> reads;        // the max_bytes of every read
  int open_files = 0;                    // alive

  std::size_t waiting() const noexcept { return waiting_.size(); }

  // Completes the operation that has waited longest.
  void complete() {
    Pending* const pending = waiting_.front();
    waiting_.erase(waiting_.begin());
    auto act = std::move(pending->act);  // the callback may destroy the operation
    act();
  }

  std::unique_ptr<Operation> open(std::string path, Opened done) override {
    opened.push_back(path);
    return run([this, path = std::move(path), done = std::move(done)]() mutable {
      const auto found = entries.find(path);
      if (found == entries.end()) return done(fail(ErrorCode::not_found, "no such file"));
      Entry& entry = found->second;
      if (entry.open_error) return done(fail(*entry.open_error, "made to fail"));
      done(std::make_unique<File>(*this, entry));
    });
  }

  std::unique_ptr<Operation> read(OpenFile& file, std::uint64_t offset, std::size_t max_bytes,
                                  Read done) override {
    reads.push_back(max_bytes);
    Entry& entry = static_cast<File&>(file).entry();
    return run([this, &entry, offset, max_bytes, done = std::move(done)]() mutable {
      if (entry.read_error) return done(fail(*entry.read_error, "made to fail"));
      const std::size_t from = std::min<std::size_t>(offset, entry.content.size());
      const std::string_view rest = std::string_view(entry.content).substr(from);
      const std::string_view part = rest.substr(0, std::min(max_bytes, short_reads));
      done(part.empty() ? Slice() : pool_.copy(part));
    });
  }

 private:
  static constexpr std::size_t kMaxRead = 65536;

  class File final : public OpenFile {
   public:
    File(FakeFiles& files, Entry& entry) : files_(files), entry_(entry) {
      info_.st_mode = entry.mode;
      info_.st_size = static_cast<off_t>(entry.content.size());
      info_.st_mtim.tv_sec = entry.modified;
      ++files_.open_files;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() override { --files_.open_files; }
    const struct stat& info() const noexcept override { return info_; }
    Entry& entry() const noexcept { return entry_; }

   private:
    FakeFiles& files_;
    Entry& entry_;
    struct stat info_{};
  };

  struct Pending final : Operation {
    Pending(FakeFiles& f, std::move_only_function<void()> a) : files(f), act(std::move(a)) {}
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending() override { std::erase(files.waiting_, this); }
    FakeFiles& files;
    std::move_only_function<void()> act;
  };

  std::unique_ptr<Operation> run(std::move_only_function<void()> act) {
    if (!later) {
      act();
      return nullptr;
    }
    auto pending = std::make_unique<Pending>(*this, std::move(act));
    waiting_.push_back(pending.get());
    return pending;
  }

  BufferPool& pool_;
  std::vector<Pending*> waiting_;
};

}  // namespace troika::test
