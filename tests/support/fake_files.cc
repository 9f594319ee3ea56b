#include "fake_files.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace troika::test {

// What a descriptor refers to: the entry for as long as it is there.
struct FakeFiles::Node {
  std::string path;
  Entry when_opened;

  bool present(const FakeFiles& files) const {
    const Entry* const entry = files.find(path);
    return entry != nullptr && entry->inode == when_opened.inode;
  }
  const Entry& entry(const FakeFiles& files) const {
    return present(files) ? *files.find(path) : when_opened;
  }
};

class FakeFiles::File final : public OpenFile {
 public:
  File(FakeFiles& files, std::string path, const Entry& entry)
      : files_(files),
        node_(std::make_shared<const Node>(std::move(path), entry)),
        info_(stat_of(entry, node_->path)) {
    ++files_.open_files;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() override { --files_.open_files; }

  const struct stat& info() const noexcept override { return info_; }

  Result<struct stat> now() const noexcept override {
    struct stat info = stat_of(node_->entry(files_), node_->path);
    if (!node_->present(files_)) info.st_nlink = 0;
    return info;
  }

  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::byte> into) const noexcept override {
    const Entry& entry = node_->entry(files_);
    if (entry.read_error) return fail(*entry.read_error, "made to fail");
    const std::string_view part = rest_of(entry, offset).substr(0, into.size());
    if (!part.empty()) std::memcpy(into.data(), part.data(), part.size());
    return part.size();
  }

  Status list(const Visitor& visit) const override {
    const Entry& folder = node_->entry(files_);
    if (folder.read_error) return fail(*folder.read_error, "made to fail");
    if (!S_ISDIR(folder.mode)) return fail(ErrorCode::io, "not a folder");
    const std::string prefix = path_of("");
    for (const auto& [path, entry] : files_.entries) {
      if (!path.starts_with(prefix) || path == ".") continue;
      const std::string_view name = std::string_view(path).substr(prefix.size());
      if (name.empty() || name.contains('/')) continue;
      if (!visit(name, entry.listed_as.value_or(entry.mode & S_IFMT))) break;
    }
    return {};
  }

  Result<struct stat> look_at(std::string_view name) const override {
    const bool elsewhere = name.empty() || name == "." || name == ".." || name.contains('/');
    const Entry* const entry = elsewhere ? nullptr : files_.find(path_of(name));
    if (entry == nullptr) return fail(ErrorCode::not_found, "no such file");
    if (entry->open_error) return fail(*entry->open_error, "made to fail");
    return stat_of(*entry, path_of(name));
  }

  const std::shared_ptr<const Node>& node() const noexcept { return node_; }

 private:
  std::string path_of(std::string_view name) const {
    return (node_->path == "." ? "" : node_->path + "/") + std::string(name);
  }

  FakeFiles& files_;
  std::shared_ptr<const Node> node_;
  struct stat info_;
};

class FakeFiles::Root final : public RootFolder {
 public:
  Root(FakeFiles& files, Id id) : RootFolder(id), files_(files) { ++files_.open_roots; }
  ~Root() override { --files_.open_roots; }

 private:
  FakeFiles& files_;
};

struct FakeFiles::Pending final : Operation {
  Pending(FakeFiles& f, std::move_only_function<void()> a) : files(f), act(std::move(a)) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() override { std::erase(files.waiting_, this); }
  FakeFiles& files;
  std::move_only_function<void()> act;
};

Ref<RootFolder> FakeFiles::found() { return Ref<RootFolder>(new Root(*this, root)); }

void FakeFiles::complete() {
  Pending* const pending = waiting_.front();
  waiting_.erase(waiting_.begin());
  auto act = std::move(pending->act);  // the callback may destroy the operation
  act();
}

std::unique_ptr<Operation> FakeFiles::find_root(Found done) {
  ++looks;
  const auto look = [this]() -> Result<Ref<RootFolder>> {
    if (root_error) return fail(*root_error, "made to fail");
    return found();
  };
  if (root_later) {
    return delay([done = std::move(done), found = look()]() mutable { done(std::move(found)); });
  }
  done(look());
  return nullptr;
}

std::unique_ptr<Operation> FakeFiles::open(const Ref<RootFolder>& from, std::string path,
                                           Opened done) {
  opened.push_back(path);
  return run([this, id = from->id(), path = std::move(path), done = std::move(done)]() mutable {
    const Entry* const entry = id == root ? find(path) : nullptr;
    if (entry == nullptr) return done(fail(ErrorCode::not_found, "no such file"));
    if (entry->open_error) return done(fail(*entry->open_error, "made to fail"));
    done(std::make_unique<File>(*this, std::move(path), *entry));
  });
}

std::unique_ptr<Operation> FakeFiles::read_pieces(OpenFile& file, std::uint64_t offset,
                                                  std::size_t max_bytes, const Pieces& pieces,
                                                  Read done) {
  reads.push_back(max_bytes);
  auto node = static_cast<File&>(file).node();  // the operation may outlive the file
  return run([this, node, offset, max_bytes, pieces, done = std::move(done)]() mutable {
    const Entry& entry = node->entry(*this);
    if (entry.read_error) return done(fail(*entry.read_error, "made to fail"));
    std::string_view part = rest_of(entry, offset).substr(0, std::min(max_bytes, short_reads));
    if (part.empty()) return done(Slice());
    std::string laid_out;
    for (; !part.empty(); part.remove_prefix(std::min(part.size(), pieces.bytes))) {
      laid_out.append(pieces.gap, '#').append(part.substr(0, pieces.bytes));
    }
    done(pool_.copy(laid_out));
  });
}

struct stat FakeFiles::stat_of(const Entry& entry, const std::string& path) noexcept {
  struct stat info{};
  info.st_mode = entry.mode;
  info.st_size = entry.claimed_size.value_or(static_cast<off_t>(entry.content.size()));
  info.st_mtim = {.tv_sec = entry.modified, .tv_nsec = entry.modified_ns};
  info.st_ctim.tv_sec = entry.changed;
  info.st_ino = entry.inode;
  info.st_dev = entry.device.value_or(std::hash<std::string>()(path));
  info.st_nlink = 1;
  return info;
}

std::string_view FakeFiles::rest_of(const Entry& entry, std::uint64_t offset) noexcept {
  return std::string_view(entry.content)
      .substr(std::min<std::size_t>(offset, entry.content.size()));
}

const FakeFiles::Entry* FakeFiles::find(const std::string& path) const {
  const auto found = entries.find(path);
  if (found != entries.end()) return &found->second;
  return path == "." ? &root_ : nullptr;
}

std::unique_ptr<Operation> FakeFiles::run(std::move_only_function<void()> act) {
  if (!later) {
    act();
    return nullptr;
  }
  return delay(std::move(act));
}

std::unique_ptr<Operation> FakeFiles::delay(std::move_only_function<void()> act) {
  auto pending = std::make_unique<Pending>(*this, std::move(act));
  waiting_.push_back(pending.get());
  return pending;
}

}  // namespace troika::test
