#include "handlers/media_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::size_t kLongest = 32;  // of names that are looked up

MediaType find(std::span<const MediaEntry> entries, std::string_view name) noexcept {
  constexpr MediaType kUnknown{"application/octet-stream", false};
  if (name.size() > kLongest) return kUnknown;
  std::array<char, kLongest> lower{};
  std::ranges::transform(name, lower.begin(), ascii::lower);
  const std::string_view wanted(lower.data(), name.size());
  const auto found = std::ranges::lower_bound(entries, wanted, {}, &MediaEntry::name);
  return found != entries.end() && found->name == wanted ? found->type : kUnknown;
}

std::string_view essence_of(std::string_view type) noexcept {
  return ascii::trim(type.substr(0, type.find(';')));
}

bool starts_ignoring_case(std::string_view text, std::string_view start) noexcept {
  return ascii::equal_ignoring_case(text.substr(0, start.size()), start);
}

bool ends_ignoring_case(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() &&
         ascii::equal_ignoring_case(text.substr(text.size() - end.size()), end);
}

bool is_compressible(std::string_view type) noexcept {
  const std::string_view essence = essence_of(type);
  // RFC 6839 §3.1, RFC 7303 §8: structured syntax suffixes.
  return starts_ignoring_case(essence, "text/") || ends_ignoring_case(essence, "+json") ||
         ends_ignoring_case(essence, "+xml") ||
         std::ranges::any_of(compressible_types(), [essence](std::string_view each) {
           return ascii::equal_ignoring_case(each, essence);
         });
}

}  // namespace

MediaType media_type_of(const SiteOptions& options, std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [extension, type] : options.types) {
      if (ascii::equal_ignoring_case(name.substr(dot + 1), extension)) {
        return {type, is_compressible(type)};
      }
    }
  }
  return media_type_of(path);
}

MediaType media_type_of(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return find(media_types_of_names(), name);
  return find(media_types_of_extensions(), name.substr(dot + 1));
}

}  // namespace troika
