#pragma once
#include <string_view>

#include "handlers/site_options.h"

namespace troika {

struct MediaType {
  std::string_view text;  // the Content-Type field: with a charset for text
  bool compressible = false;
};
// By the extension of the last segment (case does not matter), or by its whole name (README,
// LICENSE); else application/octet-stream.
MediaType media_type_of(std::string_view path) noexcept;
// The same, but what a person chose for an extension goes before the table. The text lives as long
// as `options`.
MediaType media_type_of(const SiteOptions& options, std::string_view path) noexcept;

}  // namespace troika
