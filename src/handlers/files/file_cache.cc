#include "handlers/files/file_cache.h"

#include <algorithm>
#include <utility>

namespace troika {

void KeptFiles::trim() {
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
void KeptFiles::trim_derived() {
  while (!is_within_limits(derived_.size()) && derived_.drop_oldest()) {
  }
}

bool KeptFiles::make_room(const FileCache& cache) {
  for (auto i = entries_.end(); open() >= limits_.open_files && i != entries_.begin();) {
    --i;
    if (i->file.unique()) i = drop(i);
  }
  for (auto i = rooted_.end(); open() >= limits_.open_files && i != rooted_.begin();) {
    FileCache& other = **--i;
    // Its files are of this folder: it is closed after them.
    if (&other == &cache || !other.root_.unique() || other.kept() > 0) continue;
    ++i;
    other.set_root({});
  }
  return open() < limits_.open_files;
}

KeptFiles::Entries::iterator KeptFiles::drop(Entries::iterator entry) {
  const CachedFile& file = *entry->file;
  if (file.is_settled() && file.derived()->is_worth_keeping()) {
    derived_.put(file.state(), file.derived());
  }
  entry->cache->by_name_.erase(entry->name);
  return entries_.erase(entry);
}

FileCache::FileCache(FileReader& files, TimerQueue& timers, const Clock& clock, KeptFiles& kept)
    : files_(files), clock_(clock), kept_(kept), sweep_timer_(timers, [this] { sweep(); }) {}

FileCache::~FileCache() {
  for (const auto& [name, entry] : std::exchange(by_name_, {})) kept_.entries_.erase(entry);
  set_root({});
}

void FileCache::set_root(Ref<RootFolder> root) {
  if (root && !root_) kept_.rooted_.push_front(this);
  if (!root && root_) std::erase(kept_.rooted_, this);
  root_ = std::move(root);
}

std::unique_ptr<Operation> FileCache::find_root(Found done) {
  asked_ = clock_.now();
  if (root_ && asked_ - root_checked_ < kept_.limits_.fresh) {
    done(root_);
    return nullptr;
  }
  if (!root_ && !kept_.make_room(*this)) {
    done(fail(ErrorCode::unavailable, "too many files are open"));
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
  if (!found) {
    set_root({});
    return found;
  }
  set_root(*found);
  root_id_ = root_->id();
  if (sweep_timer_.deadline() == kNever) sweep_timer_.set(clock_.now() + kept_.limits_.quiet);
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
    if (asked_ - entry->checked < kept_.limits_.fresh) {
      kept_.entries_.splice(kept_.entries_.begin(), kept_.entries_, entry);
      done(entry->file);
      return nullptr;
    }
  }
  if (!kept_.make_room(*this)) {
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
      kept_.entries_.splice(kept_.entries_.begin(), kept_.entries_, entry);
      return kept;
    }
    kept_.drop(entry);
  }
  if (!opened) return std::unexpected(opened.error());
  // It goes from the store to the file, which finds it among those of the cache.
  const Ref<Derived> derived = kept_.derived_.take(FileState((*opened)->info()));
  auto file = make_ref<CachedFile>(kept_.use_, std::move(*opened), clock_.wall(),
                                   kept_.limits_.content_tag_bytes);
  // Keeping a pipe open would make this server its reader.
  if (!is_current || (!file->is_regular() && !file->is_folder())) return file;
  kept_.entries_.push_front({name, file, clock_.now(), this});
  by_name_.emplace(kept_.entries_.front().name, kept_.entries_.begin());
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
  if (const auto found = by_name_.find(name); found != by_name_.end()) kept_.drop(found->second);
}

void FileCache::sweep() {
  const TimePoint now = clock_.now();
  const bool quiet = now - asked_ >= kept_.limits_.quiet;
  if (quiet) set_root({});
  for (auto i = by_name_.begin(); i != by_name_.end();) {
    const Entries::iterator entry = (i++)->second;
    const bool idle = quiet || now - entry->checked >= kept_.limits_.idle;
    if (idle && entry->file.unique()) kept_.drop(entry);
  }
  trim();
  if (root_ || !by_name_.empty()) sweep_timer_.set((quiet ? now : asked_) + kept_.limits_.quiet);
}

void FileCache::drop_all() {
  while (!by_name_.empty()) kept_.drop(by_name_.begin()->second);
  trim();
}

}  // namespace troika
