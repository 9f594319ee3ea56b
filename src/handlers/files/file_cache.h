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

// Keeps files and small bodies of one worker open, by name; the least recently used are dropped
// first. All of them are in one root folder. The root and each file are checked again when the last
// check is older than SiteLimits::fresh. A file that was not requested for SiteLimits::idle is
// closed, since a deleted file occupies its disk until then. Without any request for
// SiteLimits::quiet, all files and the root are closed. Results computed from a file are kept for
// when it is opened again.
class FileCache {
 public:
  using Found = FileReader::Found;
  using Opened = std::move_only_function<void(Result<Ref<CachedFile>>)>;

  FileCache(FileReader& files, TimerQueue& timers, const Clock& clock, const SiteLimits& limits);

  // As FileReader::find_root. The cache outlives the operation.
  [[nodiscard]] std::unique_ptr<Operation> find_root(Found done);

  // As FileReader::open; also `unavailable` when too many files are open, and `not_found` when the
  // root is null. The cache outlives the operation.
  [[nodiscard]] std::unique_ptr<Operation> open(const Ref<RootFolder>& root, std::string_view name,
                                                Opened done);

  // Reads the body of a small file into it, if it can be read as a whole; `done` is always called.
  [[nodiscard]] std::unique_ptr<Operation> load(const Ref<CachedFile>& file,
                                                std::move_only_function<void()> done);
  bool is_small(const CachedFile& file) const noexcept { return file.size() <= limits_.small_body; }

  // The file is opened again at the next request.
  void doubt(std::string_view name);

  // Drops files beyond the limits that are not being sent. To be called after a file was charged.
  void trim();
  // So much is being sent that nothing more should be kept.
  bool is_full() const noexcept { return use_->bytes > 2 * limits_.cache_bytes; }

  const CacheUse& use() const noexcept { return *use_; }
  std::size_t kept() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string name;
    Ref<CachedFile> file;
    TimePoint checked;
  };
  using Entries = std::list<Entry>;  // the most recently used first

  Result<Ref<RootFolder>> adopt(TimePoint begun, Result<Ref<RootFolder>> found);
  Result<Ref<CachedFile>> admit(const Ref<RootFolder>& root, const std::string& name,
                                Result<std::unique_ptr<OpenFile>> opened);
  bool is_within_limits(std::size_t kept) const noexcept {
    return kept <= limits_.cache_files && use_->bytes <= limits_.cache_bytes;
  }
  void trim_derived();
  bool make_room();
  void sweep();
  void drop_all();
  Entries::iterator drop(Entries::iterator entry);

  FileReader& files_;
  const Clock& clock_;
  const SiteLimits& limits_;
  Ref<CacheUse> use_;
  Ref<RootFolder> root_;      // null: none was found, or it is closed
  RootFolder::Id root_id_{};  // of the root that the entries are of
  TimePoint root_checked_{};  // when the search that found it began
  TimePoint asked_{};         // the last request for anything
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // views of Entry::name
  DerivedStore derived_;
  Timer sweep_timer_;
};

}  // namespace troika
