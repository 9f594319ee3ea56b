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

// Open files and small bodies of one worker, by name, the least recently used given up first. All
// that is kept is of one root folder. It and a kept file are looked at again when the last look is
// SiteLimits::fresh ago. A file is closed when nobody has asked for it for SiteLimits::idle, as a
// deleted one takes up its disk until then; all of them, and the root, when nobody has asked for
// anything for SiteLimits::quiet. What was worked out from a file stays for when it is opened
// again.
class FileCache {
 public:
  using Found = FileReader::Found;
  using Opened = std::move_only_function<void(Result<Ref<CachedFile>>)>;

  FileCache(FileReader& files, TimerQueue& timers, const Clock& clock, const SiteLimits& limits);

  // As FileReader::find_root. The cache outlives the operation.
  [[nodiscard]] std::unique_ptr<Operation> find_root(Found done);

  // As FileReader::open; `unavailable` also when too many files are open. Nothing is in no root
  // (null). The cache outlives the operation.
  [[nodiscard]] std::unique_ptr<Operation> open(const Ref<RootFolder>& root, std::string_view name,
                                                Opened done);

  // Reads a small file's body into it, if that can be had as a whole; `done` is called in any case.
  [[nodiscard]] std::unique_ptr<Operation> load(const Ref<CachedFile>& file,
                                                std::move_only_function<void()> done);
  bool is_small(const CachedFile& file) const noexcept { return file.size() <= limits_.small_body; }

  // Looks at the file again when it is asked for the next time.
  void doubt(std::string_view name);

  // Gives up what is beyond the limits and not being sent. Whoever charges a file calls it
  // afterwards.
  void trim();
  // So much is being sent that no more should be kept.
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
  TimePoint root_checked_{};  // when the look that found it began
  TimePoint asked_{};         // the last request for anything
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // views of Entry::name
  DerivedStore derived_;
  Timer sweep_timer_;
};

}  // namespace troika
