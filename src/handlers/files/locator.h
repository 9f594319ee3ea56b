#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "handlers/files/static_site.h"

namespace troika {

// Where the target of a request leads.
struct Location {
  enum class Kind : std::uint8_t {
    file,      // a regular file, named SiteRequest::name
    listing,   // a folder without an index file, to be listed
    redirect,  // a folder that was asked for without its slash
    absent,
    failed
  } kind = Kind::absent;
  Ref<CachedFile> file{};  // of `file` and `listing`
  ErrorCode error{};       // of `failed`
};

// Finds the file for a target: index files, clean URLs, and the page that stands in for missing
// ones (--spa).
class Locator {
 public:
  // May be called before find() returns.
  using Done = std::move_only_function<void(Location)>;

  explicit Locator(SiteRequest& scope) noexcept : scope_(scope) {}
  void find(Done done);
  // For a file that was found and has gone since: the page for missing ones, or `absent`.
  void fall_back(Done done);

 private:
  void on_target(Result<Ref<CachedFile>> file);
  void on_index(Result<Ref<CachedFile>> file);
  void try_html(Location::Kind otherwise);
  void open_folder();
  void not_found();
  void settle(Location::Kind kind);
  bool has_failed(const Result<Ref<CachedFile>>& file);
  void found(Ref<CachedFile> file, std::string name);
  void finish(Location location);

  SiteRequest& scope_;
  std::string name_;  // the target without its first slash
  Done done_;
};

}  // namespace troika
