#include "handlers/files/file_cache.h"

#include <algorithm>
#include <utility>

namespace troika {
FileCache::FileCache(FileReader& files, TimerQueue& timers, const Clock& clock,
                     const SiteLimits& limits)
    : files_(files),
      clock_(clock),
      limits_(limits),
      use_(make_ref<CacheUse>()),
      sweep_timer_(timers, [this] { sweep(); }) {}

std::unique_ptr<Operation> FileCache::find_root(Found done) {
  asked_ = clock_.now();
  if (root_ && asked_ - root_checked_ < limits_.fresh) {
    done(root_);
    return nullptr;
  }
  return files_.find_root([this, begun = asked_, done = std::move(done)](auto found) mutable {
    auto root = adopt(begun, std::move(found));
    done(std::move(root));
  });
}

Result<Ref<RootFolder>> FileCache::adopt(TimePoint begun, Result<Ref<RootFolder>> found) {
  if (root_ && found && (*found)->id() == root_->id()) {
    root_checked_ = std::max(root_checked_, begun);
    return root_;
  }
  const bool none_left = !found && found.error().code == ErrorCode::unavailable;
  if (root_ && none_left) return root_;
  if (none_left || begun < root_checked_) return found;  // a later search was faster
  root_checked_ = begun;
  if (!found || (*found)->id() != root_id_) drop_all();
  root_ = {};
  if (!found) return found;
  root_ = *found;
  root_id_ = root_->id();
  if (sweep_timer_.deadline() == kNever) sweep_timer_.set(clock_.now() + limits_.quiet);
  return found;
}

std::unique_ptr<Operation> FileCache::open(const Ref<RootFolder>& root, std::string_view name,
                                           Opened done) {
  asked_ = clock_.now();
  if (!root) {
    done(fail(ErrorCode::not_found, "the folder is not there"));
    return nullptr;
  }
  const auto found = by_name_.find(name);
  if (found != by_name_.end() && root.get() == root_.get()) {
    const Entries::iterator entry = found->second;
    if (asked_ - entry->checked < limits_.fresh) {
      entries_.splice(entries_.begin(), entries_, entry);
      done(entry->file);
      return nullptr;
    }
  }
  if (!make_room()) {
    done(admit(root, std::string(name), fail(ErrorCode::unavailable, "too many files are open")));
    return nullptr;
  }
  return files_.open(root, std::string(name),
                     [this, root, name = std::string(name),
                      done = std::move(done)](Result<std::unique_ptr<OpenFile>> opened) mutable {
                       auto file = admit(root, name, std::move(opened));
                       done(std::move(file));
                     });
}

Result<Ref<CachedFile>> FileCache::admit(const Ref<RootFolder>& root, const std::string& name,
                                         Result<std::unique_ptr<OpenFile>> opened) {
  const bool is_current = root.get() == root_.get();
  const auto found = by_name_.find(name);
  if (is_current && found != by_name_.end()) {
    const Entries::iterator entry = found->second;
    Ref<CachedFile> kept = entry->file;
    // A file that was not settled when it was read may have changed without a trace.
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
  // It goes from the store to the file, which finds it among those of the cache.
  const Ref<Derived> derived = derived_.take(FileState((*opened)->info()));
  auto file =
      make_ref<CachedFile>(use_, std::move(*opened), clock_.wall(), limits_.content_tag_bytes);
  // Keeping a pipe open would make this server its reader.
  if (!is_current || (!file->is_regular() && !file->is_folder())) return file;
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
                       // The bytes must be those that the entity tag was made for.
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
  trim_derived();
  for (auto i = entries_.end(); i != entries_.begin() && !is_within_limits(entries_.size());) {
    --i;
    // Dropping a file that is being sent frees nothing, and the next request would open it again.
    if (!i->file.unique()) continue;
    i = drop(i);
    trim_derived();
  }
}

// Results without an open file cost more to compute again, but are needed less often.
void FileCache::trim_derived() {
  while (!is_within_limits(derived_.size()) && derived_.drop_oldest()) {
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
  const bool quiet = now - asked_ >= limits_.quiet;
  if (quiet) root_ = {};
  for (auto i = entries_.begin(); i != entries_.end();) {
    const bool idle = (quiet || now - i->checked >= limits_.idle) && i->file.unique();
    i = idle ? drop(i) : std::next(i);
  }
  trim();
  if (root_ || !entries_.empty()) sweep_timer_.set((quiet ? now : asked_) + limits_.quiet);
}

void FileCache::drop_all() {
  for (auto i = entries_.begin(); i != entries_.end();) i = drop(i);
  trim();
}

FileCache::Entries::iterator FileCache::drop(Entries::iterator entry) {
  const CachedFile& file = *entry->file;
  if (file.is_settled() && file.derived()->is_worth_keeping()) {
    derived_.put(file.state(), file.derived());
  }
  by_name_.erase(entry->name);
  return entries_.erase(entry);
}

}  // namespace troika
