#include "handlers/static/file_cache.h"

#include <utility>

namespace troika {
FileCache::FileCache(FileReader& files, TimerQueue& timers, const Clock& clock,
                     const SiteLimits& limits)
    : files_(files),
      clock_(clock),
      limits_(limits),
      use_(make_ref<CacheUse>()),
      sweep_timer_(timers, [this] { sweep(); }) {}

std::unique_ptr<Operation> FileCache::open(std::string_view name, Opened done) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    const Entries::iterator entry = found->second;
    if (clock_.now() - entry->checked < limits_.fresh) {
      entries_.splice(entries_.begin(), entries_, entry);
      done(entry->file);
      return nullptr;
    }
  }
  if (!make_room()) {
    done(admit(std::string(name), fail(ErrorCode::unavailable, "too many files are open")));
    return nullptr;
  }
  return files_.open(std::string(name), [this, name = std::string(name), done = std::move(done)](
                                            Result<std::unique_ptr<OpenFile>> opened) mutable {
    auto file = admit(name, std::move(opened));
    done(std::move(file));
  });
}

Result<Ref<CachedFile>> FileCache::admit(const std::string& name,
                                         Result<std::unique_ptr<OpenFile>> opened) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    const Entries::iterator entry = found->second;
    const Ref<CachedFile> kept = entry->file;
    // What was not settled when it was read may have changed since without a trace.
    const bool same = opened && kept->is_settled() && kept->is_same((*opened)->info());
    const bool none_left = !opened && opened.error().code == ErrorCode::unavailable;
    if (same || (none_left && kept->holds())) {
      entry->checked = clock_.now();
      entries_.splice(entries_.begin(), entries_, entry);
      return kept;
    }
    drop(entry);
  }
  if (!opened) return std::unexpected(opened.error());
  auto file =
      make_ref<CachedFile>(use_, std::move(*opened), clock_.wall(), limits_.content_tag_bytes);
  // Holding a pipe open would make this server its reader.
  if (!file->is_regular() && !file->is_folder()) return file;
  if (entries_.empty()) sweep_timer_.set(clock_.now() + limits_.idle);
  entries_.push_front({name, file, clock_.now()});
  by_name_.emplace(entries_.front().name, entries_.begin());
  trim();
  return file;
}

std::unique_ptr<Operation> FileCache::load(const Ref<CachedFile>& file,
                                           std::move_only_function<void()> done) {
  if (!is_small(*file) || file->size() == 0 || !file->body.empty()) {
    done();
    return nullptr;
  }
  return files_.read(file->file(), 0, static_cast<std::size_t>(file->size()),
                     [this, file, done = std::move(done)](Result<Slice> bytes) mutable {
                       // Bytes of another moment must not stand under this moment's entity tag.
                       const bool whole = bytes && bytes->size() == file->size() && file->holds() &&
                                          file->body.empty();
                       if (whole) {
                         file->body = std::move(*bytes);
                         file->charge(slab_size(file->body.size()));
                         trim();
                       }
                       done();
                     });
}

void FileCache::doubt(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) drop(found->second);
}

void FileCache::trim() {
  for (auto i = entries_.end(); i != entries_.begin();) {
    if (entries_.size() <= limits_.cache_files && use_->bytes <= limits_.cache_bytes) return;
    --i;
    // Giving up what is being sent frees nothing, and the next visitor would open it once more.
    if (i->file.unique()) i = drop(i);
  }
}

bool FileCache::make_room() {
  for (auto i = entries_.end(); use_->files >= limits_.open_files && i != entries_.begin();) {
    --i;
    if (i->file.unique()) i = drop(i);
  }
  return use_->files < limits_.open_files;
}

void FileCache::sweep() {
  const TimePoint now = clock_.now();
  for (auto i = entries_.begin(); i != entries_.end();) {
    const bool idle = now - i->checked >= limits_.idle && i->file.unique();
    i = idle ? drop(i) : std::next(i);
  }
  if (!entries_.empty()) sweep_timer_.set(now + limits_.idle);
}

FileCache::Entries::iterator FileCache::drop(Entries::iterator entry) {
  by_name_.erase(entry->name);
  return entries_.erase(entry);
}

}  // namespace troika
