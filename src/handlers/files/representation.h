#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "handlers/files/cached_file.h"
#include "handlers/files/static_site.h"
#include "handlers/media_type.h"
#include "handlers/site_options.h"
#include "http/message/message.h"
#include "http/semantics/negotiation.h"

namespace troika {

// A file whose name says that it is another file, encoded.
struct Precoded {
  Coding coding;
  MediaType type;          // of the decoded file
  std::string_view plain;  // path of the decoded file, which may exist as well; empty: it cannot
};

// "x.svgz", always; with --precoded also "x.js.br", "x.wasm.gz", "x.data.zst" and so on, but not
// "x.tar.gz" and "x.gz", which are archives. The views point into `path` and `options`.
std::optional<Precoded> precoded_by_name(const SiteOptions& options,
                                         std::string_view path) noexcept;

// One representation of a file (RFC 9110 §3.2).
struct Representation {
  enum class Form : std::uint8_t {
    itself,         // the file as it is
    precompressed,  // another file beside it: x.js.br
    precoded,       // the file, which is encoded according to its name
    kept,           // compressed as a whole before it is sent, and kept
    streamed        // compressed while it is sent
  };

  Ref<CachedFile> file;  // of a live coder the file itself
  Coding coding = Coding::identity;
  Form form = Form::itself;
  std::string_view type{};  // Content-Type; lives as long as the site's options

  bool is_live() const noexcept { return form == Form::kept || form == Form::streamed; }
  CachedFile::As as() const noexcept;
  // The result that is kept with the file; `form` is `kept`.
  SharedResult<Encoded>& encoded() const noexcept {
    return file->derived()->encoded[static_cast<std::size_t>(coding)];
  }
};

// What there is to choose from.
struct Offers {
  Ref<CachedFile> file;
  MediaType type;
  std::array<Ref<CachedFile>, 4> precompressed{};  // by Coding; null: none, or it is too old
  std::optional<Precoded> precoded{};              // null: the file is just what it is
  bool unsure = false;                             // precompressed files could not be looked for
  bool may_keep = true;    // there is memory for another result, and the file does not change
  bool may_stream = true;  // another stream may be compressed while it is sent
  bool busy = false;       // nothing is compressed for who takes identity

  Representation::Form live(const SiteLimits& limits) const noexcept {
    return may_keep && !busy && file->size() <= limits.compress_whole
               ? Representation::Form::kept
               : Representation::Form::streamed;
  }
  // RFC 9110 §12.5.5: the response depends on Accept-Encoding.
  bool varies(const SiteOptions& options, const SiteLimits& limits) const noexcept;
};

// As described in docs/static-files.md. Nothing: none is acceptable.
std::optional<Representation> choose_representation(const Offers& offers, const Request& request,
                                                    const SiteOptions& options,
                                                    const SiteLimits& limits);

// Looks for all forms in which a file is stored.
class StoredForms {
 public:
  explicit StoredForms(SiteRequest& scope) noexcept : scope_(scope) {}
  // Of the file SiteRequest::name, which must not change while the offers are used. `done` is
  // called, maybe at once, when they are complete.
  void look_for(Ref<CachedFile> file, std::move_only_function<void()> done);
  Offers& offers() noexcept { return offers_; }
  // Gives up the open files, so that a slow reader holds no more than it needs.
  void release() noexcept { offers_ = {}; }
  // What the cache has of these files is to be checked again.
  void doubt();

 private:
  void on_plain(const Result<Ref<CachedFile>>& file);
  void check_precoded();
  void next();
  void on_precompressed(Coding coding, const Result<Ref<CachedFile>>& file);
  void check_zstd(const Ref<CachedFile>& file, const std::string& name,
                  std::move_only_function<void(bool)> then);
  void absent(Coding coding);

  SiteRequest& scope_;
  Offers offers_;
  std::size_t next_ = 0;  // of the endings to look for
  std::move_only_function<void()> done_;
};

}  // namespace troika
