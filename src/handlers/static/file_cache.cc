#include "handlers/static/file_cache.h"

#include <utility>

namespace troika {
namespace {

// What a slice of that size takes from its pool.
std::size_t slab_size(std::size_t size) noexcept {
  for (const std::size_t slab : BufferPool::kSizes) {
    if (size <= slab) return slab;
  }
  return size;
}

}  // namespace

FileCache::FileCache(FileReader& files, const Clock& clock, const SiteLimits& limits)
    : files_(files), clock_(clock), limits_(limits), use_(make_ref<CacheUse>()) {}

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
    done(fail(ErrorCode::unavailable, "too many files are open"));
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
    // What was not settled when it was read may have changed since without a trace.
    if (opened && entry->file->is_settled() && entry->file->is_same((*opened)->info())) {
      entry->checked = clock_.now();
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->file;
    }
    drop(entry);
  }
  if (!opened) return std::unexpected(opened.error());
  auto file = make_ref<CachedFile>(use_, std::move(*opened), clock_.wall());
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
                       const auto now = file->file().now();
                       const bool whole = bytes && bytes->size() == file->size() && now &&
                                          file->is_same(*now) && file->body.empty();
                       if (whole) {
                         file->body = std::move(*bytes);
                         file->charge(slab_size(file->body.size()));
                         trim();
                       }
                       done();
                     });
}

void FileCache::trim() {
  while (!entries_.empty() &&
         (entries_.size() > limits_.cache_files || use_->bytes > limits_.cache_bytes)) {
    drop(std::prev(entries_.end()));
  }
}

// Files that are being sent stay open whatever is given up here.
bool FileCache::make_room() {
  for (auto i = entries_.end(); use_->files >= limits_.open_files && i != entries_.begin();) {
    --i;
    if (!i->file.unique()) continue;
    const auto next = std::next(i);
    drop(i);
    i = next;
  }
  return use_->files < limits_.open_files;
}

void FileCache::drop(Entries::iterator entry) {
  by_name_.erase(entry->name);
  entries_.erase(entry);
}

}  // namespace troika
