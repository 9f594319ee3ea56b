#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "handlers/files/cached_file.h"
#include "handlers/media_type.h"
#include "handlers/site_options.h"
#include "http/message/message.h"
#include "http/semantics/conditional.h"
#include "http/semantics/negotiation.h"

namespace troika {

// A file whose name says that it is another one, coded as a whole.
struct Precoded {
  Coding coding;
  MediaType type;          // of what it is when it is decoded
  std::string_view plain;  // the path of a file beside it that would be that; empty: there is none
};

// "x.svgz", always; with --precoded also "x.js.br", "x.wasm.gz", "x.data.zst" and the like, but not
// "x.tar.gz" and not "x.gz", which are archives. The views are of `path` and of `options`.
std::optional<Precoded> precoded_by_name(const SiteOptions& options,
                                         std::string_view path) noexcept;

// One representation of a file (RFC 9110 §8.1).
struct Variant {
  enum class Form : std::uint8_t {
    itself,    // the file as it is
    sidecar,   // another file beside it
    precoded,  // the file, of which its name says that it is coded
    kept,      // compressed as a whole before it is sent, and kept
    streamed   // compressed as it is sent
  };

  Ref<CachedFile> file;  // of a live coder the file itself
  Coding coding = Coding::identity;
  Form form = Form::itself;
  std::string_view type{};  // Content-Type; lives as long as the site's options

  bool is_live() const noexcept { return form == Form::kept || form == Form::streamed; }
  CachedFile::As as() const noexcept;
};

// What there is to choose from.
struct Offers {
  Ref<CachedFile> file;
  MediaType type;
  std::array<Ref<CachedFile>, 4> sidecars{};  // by Coding; null: none that counts
  std::optional<Precoded> precoded{};         // what its name says, if that counts
  bool unsure = false;                        // what is beside it could not be looked for
  bool may_keep = true;    // there is room for another result, and the file does not change
  bool may_stream = true;  // another stream may be compressed as it is sent

  Variant::Form live(const SiteLimits& limits) const noexcept {
    return may_keep && file->size() <= limits.compress_whole ? Variant::Form::kept
                                                             : Variant::Form::streamed;
  }
  // RFC 9110 §12.5.5: the answer depends on Accept-Encoding.
  bool varies(const SiteOptions& options, const SiteLimits& limits) const noexcept;
};

// As docs/static-files.md says. Nothing: none is acceptable.
std::optional<Variant> choose_variant(const Offers& offers, const Request& request,
                                      const SiteOptions& options, const SiteLimits& limits);

// Never later than `now` (RFC 9110 §8.8.2.1).
Validators validators_of(const Variant& variant, WallTime now);

// The fields of a file's answers, but those that every answer of the site has (--header, CORS).

// Of a 200: made once for each file and way of serving it, then copied.
ResponseHead head_of_file(const Variant& variant, std::string_view path,
                          const Validators& validators, const SiteOptions& options);
// RFC 9110 §15.4.5.
ResponseHead head_not_modified(std::string_view path, const Validators& validators,
                               const SiteOptions& options);

}  // namespace troika
