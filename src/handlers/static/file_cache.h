#pragma once
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/timer_queue.h"
#include "handlers/static/cached_file.h"
#include "handlers/static/site_options.h"

namespace troika {

// Open files and small bodies of one worker, by name, the least recently used given up first. A
// kept file is looked at again when the last look is SiteLimits::fresh ago, and closed when nobody
// has asked for it for SiteLimits::idle: a deleted one takes up its disk until then.
class FileCache {
 public:
  using Opened = std::move_only_function<void(Result<Ref<CachedFile>>)>;

  FileCache(FileReader& files, TimerQueue& timers, const Clock& clock, const SiteLimits& limits);

  // As FileReader::open; `unavailable` also when too many files are open. The cache outlives the
  // operation.
  [[nodiscard]] std::unique_ptr<Operation> open(std::string_view name, Opened done);

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

  Result<Ref<CachedFile>> admit(const std::string& name, Result<std::unique_ptr<OpenFile>> opened);
  bool make_room();
  void sweep();
  Entries::iterator drop(Entries::iterator entry);

  FileReader& files_;
  const Clock& clock_;
  const SiteLimits& limits_;
  Ref<CacheUse> use_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // views of Entry::name
  Timer sweep_timer_;
};

}  // namespace troika
