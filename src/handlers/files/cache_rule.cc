#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <format>
#include <optional>

#include "base/text.h"
#include "handlers/files/fields.h"

namespace troika {
namespace {

constexpr std::uint64_t kMostSeconds = 0x8000'0000;  // RFC 9111 §1.2.2: 2^31 stands for more

// RFC 9111 §5.2.2, RFC 5861, RFC 8246. A word that is none of these is a slip of the pen.
constexpr auto kDirectives = std::to_array<std::string_view>({
    "immutable",
    "must-revalidate",
    "must-understand",
    "no-cache",
    "no-store",
    "no-transform",
    "private",
    "proxy-revalidate",
    "public",
});
constexpr auto kTimedDirectives = std::to_array<std::string_view>({
    "max-age",
    "s-maxage",
    "stale-if-error",
    "stale-while-revalidate",
});

std::optional<std::uint64_t> seconds_in(std::string_view digits) noexcept {
  std::uint64_t seconds = 0;
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, seconds);
  if (error != std::errc{} || stop != end || seconds > kMostSeconds) return std::nullopt;
  return seconds;
}

// "90", "90s", "10m", "12h", "7d".
std::optional<std::uint64_t> time_in(std::string_view text) noexcept {
  std::uint64_t unit = 1;
  if (!text.empty() && !ascii::is_digit(text.back())) {
    switch (text.back()) {
      case 's': unit = 1; break;
      case 'm': unit = 60; break;
      case 'h': unit = 3600; break;
      case 'd': unit = 86400; break;
      default: return std::nullopt;
    }
    text.remove_suffix(1);
  }
  const auto count = seconds_in(text);
  if (!count || *count * unit > kMostSeconds) return std::nullopt;
  return *count * unit;
}

bool is_directive(std::string_view text) noexcept {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::ranges::contains(kDirectives, text);
  return std::ranges::contains(kTimedDirectives, text.substr(0, equals)) &&
         seconds_in(text.substr(equals + 1));
}

std::optional<std::string> directives_in(std::string_view text) {
  std::string joined;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view directive = ascii::trim(text.substr(0, comma));
    if (!is_directive(directive)) return std::nullopt;
    joined += directive;
    if (comma == std::string_view::npos) return joined;
    joined += ", ";
    text.remove_prefix(comma + 1);
  }
}

std::optional<std::string> value_of(std::string_view rule) {
  if (rule == "immutable") return "public, max-age=31536000, immutable";
  if (const auto seconds = time_in(rule)) return std::format("public, max-age={}", *seconds);
  return directives_in(rule);
}

// fnmatch has no "**", so that each "**/" is tried as it is, which takes a folder or more, and left
// out.
bool matches_from(const std::string& glob, const std::string& path, std::size_t from) {
  std::size_t at = glob.find("**/", from);
  while (at != std::string::npos && at != 0 && glob[at - 1] != '/') at = glob.find("**/", at + 1);
  if (at == std::string::npos) return fnmatch(glob.c_str(), path.c_str(), 0) == 0;
  return matches_from(std::string(glob).erase(at, 3), path, at) || matches_from(glob, path, at + 3);
}

bool names_directive(std::string_view text) {
  const auto is_it = [text](std::string_view d) { return ascii::equal_ignoring_case(d, text); };
  return std::ranges::any_of(kDirectives, is_it) || std::ranges::any_of(kTimedDirectives, is_it);
}

}  // namespace

Checked<void> check_glob(std::string_view option, std::string_view glob, std::string_view example) {
  if (glob.find_first_of("{}") != std::string_view::npos) {
    return std::unexpected(
        std::format("{0} knows no braces, as in \"{1}\": give {0} once for each of what they "
                    "hold, like {0} '*.js={2}' {0} '*.css={2}'",
                    option, glob, example));
  }
  if (glob.find_first_of(", \t") != std::string_view::npos) {
    return std::unexpected(
        std::format("{0} takes one glob without a comma or a space, not \"{1}\": give {0} once "
                    "for each glob, and write ? for such a character in a name",
                    option, glob));
  }
  return {};
}

bool matches_glob(std::string_view glob, std::string_view path) {
  // A first slash holds a name to the top of the folder, as in .gitignore.
  if (glob.starts_with('/')) {
    glob.remove_prefix(1);
  } else if (!glob.contains('/')) {
    path = path.substr(path.rfind('/') + 1);
  }
  return matches_from(std::string(glob), std::string(path), 0);
}

Checked<SiteOptions::CacheRule> parse_cache_rule(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view glob = text.substr(0, equals);
  if (equals == std::string_view::npos || glob.empty()) {
    return std::unexpected(
        std::format("--cache takes GLOB=RULE, like '*.css=7d', not \"{}\"", text));
  }
  if (names_directive(ascii::trim(glob.substr(0, glob.find(','))))) {
    return std::unexpected(
        std::format("--cache \"{}\" has a rule but no glob: write '*={}' for all files", text,
                    directives_in(text) ? text : "RULE"));
  }
  if (auto checked = check_glob("--cache", glob, "7d"); !checked) {
    return std::unexpected(checked.error());
  }
  const std::string_view rule = text.substr(equals + 1);
  auto value = value_of(rule);
  if (!value) {
    return std::unexpected(
        std::format("--cache {}=\"{}\" is no rule: take immutable, no-store, no-cache, a time like "
                    "90, 10m, 12h "
                    "or 7d, or directives of Cache-Control",
                    glob, rule));
  }
  return SiteOptions::CacheRule{std::string(glob), std::move(*value)};
}

std::string_view cache_control_of(const SiteOptions& options, std::string_view path) {
  const auto rule = std::ranges::find_if(options.cache, [path](const SiteOptions::CacheRule& r) {
    return matches_glob(r.glob, path);
  });
  return rule == options.cache.end() ? std::string_view("no-cache") : rule->value;
}

}  // namespace troika
