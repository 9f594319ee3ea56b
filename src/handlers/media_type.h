#pragma once
#include <span>
#include <string_view>

#include "handlers/site_options.h"

namespace troika {

struct MediaType {
  std::string_view text;  // the Content-Type field, with a charset for text
  bool compressible = false;
};

// By the extension of the last segment, or by its whole name (README, LICENSE), in any case; else
// application/octet-stream.
MediaType media_type_of(std::string_view path) noexcept;
// The same, but the types of `options` take precedence over the table. The text lives as long as
// `options`.
MediaType media_type_of(const SiteOptions& options, std::string_view path) noexcept;

// The table, in lower case and sorted by name. cmake/MediaTypes.cmake generates it from Debian's
// package media-types and cmake/media_types.txt.
struct MediaEntry {
  std::string_view name;
  MediaType type;
};
std::span<const MediaEntry> media_types_of_extensions() noexcept;  // without a dot
std::span<const MediaEntry> media_types_of_names() noexcept;
// In addition to text/*, +json and +xml.
std::span<const std::string_view> compressible_types() noexcept;

}  // namespace troika
