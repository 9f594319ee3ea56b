#pragma once
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "handlers/files/cached_file.h"
#include "handlers/site_options.h"

namespace troika {

class FileCache;

// What the caches of a worker's folders keep, within limits that hold for all of them together. The
// least recently used file of any folder is dropped first. Outlives the caches.
class KeptFiles {
 public:
  explicit KeptFiles(const SiteLimits& limits) : limits_(limits) {}
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;

  // Drops files beyond the limits that are not being sent. To be called after a file was charged.
  void trim();
  // So much is being sent that nothing more should be kept.
  bool is_full() const noexcept { return use_->bytes > 2 * limits_.cache_bytes; }
  const CacheUse& use() const noexcept { return *use_; }

 private:
  friend class FileCache;
  struct Entry {
    std::string name;
    Ref<CachedFile> file;
    TimePoint checked;
    FileCache* cache;
  };
  using Entries = std::list<Entry>;  // the most recently used first

  bool is_within_limits(std::size_t kept) const noexcept {
    return kept <= limits_.cache_files && use_->bytes <= limits_.cache_bytes;
  }
  void trim_derived();
  // The folder of one cache is not counted: as many descriptors as a worker always has.
  std::size_t open() const noexcept {
    return use_->files + (rooted_.empty() ? 0 : rooted_.size() - 1);
  }
  // Whether one more file may be open for the cache, after others were closed for it.
  bool make_room(const FileCache& cache);
  Entries::iterator drop(Entries::iterator entry);

  const SiteLimits& limits_;
  Ref<CacheUse> use_ = make_ref<CacheUse>();
  Entries entries_;
  DerivedStore derived_;
  std::list<FileCache*> rooted_;  // with an open folder, the latest first
};

// Keeps files and small bodies of one folder open, by name. All of them are in one root folder. The
// root and each file are checked again when the last
// check is older than SiteLimits::fresh. A file that was not requested for SiteLimits::idle is
// closed, since a deleted file occupies its disk until then. Without any request for
// SiteLimits::quiet, all files and the root are closed. Results computed from a file are kept for
// when it is opened again.
class FileCache {
 public:
  using Found = FileReader::Found;
  using Opened = std::move_only_function<void(Result<Ref<CachedFile>>)>;

  FileCache(FileReader& files, TimerQueue& timers, const Clock& clock, KeptFiles& kept);
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;
  ~FileCache();

  // As FileReader::find_root. The cache outlives the operation.
  [[nodiscard]] std::unique_ptr<Operation> find_root(Found done);

  // As FileReader::open; also `unavailable` when too many files are open, and `not_found` when the
  // root is null. The cache outlives the operation.
  [[nodiscard]] std::unique_ptr<Operation> open(const Ref<RootFolder>& root, std::string_view name,
                                                Opened done);

  // Reads the body of a small file into it, if it can be read as a whole; `done` is always called.
  [[nodiscard]] std::unique_ptr<Operation> load(const Ref<CachedFile>& file,
                                                std::move_only_function<void()> done);
  bool is_small(const CachedFile& file) const noexcept {
    return file.size() <= kept_.limits_.small_body;
  }

  // The file is opened again at the next request.
  void doubt(std::string_view name);

  // As of all caches.
  void trim() { kept_.trim(); }
  bool is_full() const noexcept { return kept_.is_full(); }
  const CacheUse& use() const noexcept { return kept_.use(); }
  std::size_t kept() const noexcept { return by_name_.size(); }

 private:
  friend class KeptFiles;
  using Entries = KeptFiles::Entries;

  Result<Ref<RootFolder>> adopt(TimePoint begun, Result<Ref<RootFolder>> found);
  Result<Ref<CachedFile>> admit(const Ref<RootFolder>& root, const std::string& name,
                                Result<std::unique_ptr<OpenFile>> opened);
  void sweep();
  void drop_all();
  void set_root(Ref<RootFolder> root);

  FileReader& files_;
  const Clock& clock_;
  KeptFiles& kept_;
  Ref<RootFolder> root_;      // null: none was found, or it is closed
  RootFolder::Id root_id_{};  // of the root that the entries are of
  TimePoint root_checked_{};  // when the search that found it began
  TimePoint asked_{};         // the last request for anything
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // views of Entry::name
  Timer sweep_timer_;
};

}  // namespace troika
