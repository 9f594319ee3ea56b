#pragma once
#include <optional>
#include <string_view>

#include "handlers/media_type.h"
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

}  // namespace troika
