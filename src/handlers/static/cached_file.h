#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ref.h"
#include "handlers/static/derived.h"
#include "http/header_map.h"
#include "net/file_reader.h"

namespace troika {

// An open file or folder as it was at one moment, with all that was worked out from it. A file that
// has changed is another CachedFile; answers under way keep theirs.
class CachedFile final : public Counted {
 public:
  // In what way it is served; each has a header block of its own.
  enum class As : std::uint8_t { itself, sidecar, live_br, live_zstd, live_gzip };

  // `derived`: what is known of a file in this state; null: nothing yet.
  CachedFile(Ref<CacheUse> use, std::unique_ptr<OpenFile> file, WallTime seen,
             Ref<Derived> derived = {});
  ~CachedFile();

  OpenFile& file() const noexcept { return *file_; }
  bool is_regular() const noexcept { return S_ISREG(file_->info().st_mode); }
  bool is_folder() const noexcept { return S_ISDIR(file_->info().st_mode); }
  std::uint64_t size() const noexcept { return size_; }
  // Nanoseconds since 1970.
  std::int64_t modified() const noexcept;
  // Reproducible builds and package managers give all files one time, which says nothing of them.
  bool is_dated() const noexcept;
  // What is newer than its file system's clock can tell apart may yet change unnoticed.
  bool is_settled() const noexcept { return settled_; }
  // The same file in the same state, as far as a file system tells.
  bool is_same(const struct stat& other) const noexcept;
  // Whether it still has the content that it had when it was opened. It may have lost its name.
  bool holds() const noexcept;
  // RFC 9110 §8.8.3, as docs/static-files.md has it; made once. `ending` is ".br", say, of a
  // sidecar,
  // "+br" of a live coder, and always the same for one way of serving.
  const std::string& etag(As as, std::string_view ending);

  FileState state() const noexcept { return FileState(file_->info()); }
  const Ref<Derived>& derived() const noexcept { return derived_; }

  // Counts bytes that are kept here against the cache.
  void charge(std::size_t bytes) noexcept;

  Slice body{};                                      // all of a small file, once it was read
  std::array<std::optional<HeaderMap>, 5> fields{};  // by As
  std::array<TimePoint, 4> no_sidecar_until{};       // by Coding

 private:
  std::int64_t stamp() const noexcept;

  Ref<CacheUse> use_;
  std::unique_ptr<OpenFile> file_;
  Ref<Derived> derived_;
  std::array<std::string, 5> etags_;  // by As
  std::uint64_t size_;
  std::size_t charged_ = 0;
  bool settled_;
};

}  // namespace troika
