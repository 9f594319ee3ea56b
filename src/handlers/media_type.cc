#include "handlers/media_type.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "handlers/media_table.h"

namespace troika {
namespace {

constexpr std::size_t kLongest = 32;  // of names and extensions that are in the table

struct Entry {
  std::string_view name;
  MediaType type;
};

consteval std::size_t words_in(std::span<const MediaRow> rows) {
  std::size_t words = 0;
  for (const MediaRow& row : rows) {
    words += 1U + static_cast<std::size_t>(std::ranges::count(row.extensions, ' '));
  }
  return words;
}

constexpr Entry* append(std::span<const MediaRow> rows, bool compressible, Entry* out) {
  for (const MediaRow& row : rows) {
    std::string_view left = row.extensions;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find(' '), left.size());
      *out++ = {left.substr(0, end), {row.type, compressible}};
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }
  return out;
}

constexpr auto kExtensions = [] {
  std::array<Entry, words_in(kCompressibleTypes) + words_in(kOtherTypes)> all{};
  append(kOtherTypes, false, append(kCompressibleTypes, true, all.data()));
  std::ranges::sort(all, {}, &Entry::name);
  return all;
}();
constexpr auto kNames = [] {
  std::array<Entry, words_in(kNamedTypes)> all{};
  append(kNamedTypes, true, all.data());
  std::ranges::sort(all, {}, &Entry::name);
  return all;
}();

consteval bool well_formed(std::span<const Entry> entries) {
  return std::ranges::all_of(entries, [](const Entry& entry) {
    return !entry.name.empty() && entry.name.size() <= kLongest &&
           std::ranges::none_of(entry.name, [](char c) { return c != ascii::lower(c); });
  });
}
static_assert(well_formed(kExtensions) && well_formed(kNames));
// Sorted, and nothing twice.
static_assert(std::ranges::adjacent_find(kExtensions, std::ranges::greater_equal{}, &Entry::name) ==
              kExtensions.end());
static_assert(std::ranges::adjacent_find(kNames, std::ranges::greater_equal{}, &Entry::name) ==
              kNames.end());

MediaType find(std::span<const Entry> entries, std::string_view name) noexcept {
  constexpr MediaType kUnknown{"application/octet-stream", false};
  if (name.size() > kLongest) return kUnknown;
  std::array<char, kLongest> lower{};
  std::ranges::transform(name, lower.begin(), ascii::lower);
  const std::string_view wanted(lower.data(), name.size());
  const auto found = std::ranges::lower_bound(entries, wanted, {}, &Entry::name);
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
  // RFC 6839 §3.1, RFC 7303 §8: suffixes that say what the bytes are like.
  return starts_ignoring_case(essence, "text/") || ends_ignoring_case(essence, "+json") ||
         ends_ignoring_case(essence, "+xml") ||
         std::ranges::any_of(kCompressibleTypes, [essence](const MediaRow& row) {
           return ascii::equal_ignoring_case(essence_of(row.type), essence);
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
  if (dot == std::string_view::npos) return find(kNames, name);
  return find(kExtensions, name.substr(dot + 1));
}

}  // namespace troika
