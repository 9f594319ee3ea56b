#include "config/site_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "http/message/fields.h"
#include "http/message/request_builder.h"

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
  if (const auto seconds = time_in(rule)) return formatted("public, max-age={}", *seconds);
  return directives_in(rule);
}

bool names_directive(std::string_view text) {
  const auto is_it = [text](std::string_view d) { return ascii::equal_ignoring_case(d, text); };
  return std::ranges::any_of(kDirectives, is_it) || std::ranges::any_of(kTimedDirectives, is_it);
}

// Refuses a glob that can only be a slip; `example`: its value after the glob ("7d").
Checked<void> check_glob(std::string_view glob, std::string_view example) {
  if (glob.find_first_of("{}") != std::string_view::npos) {
    return std::unexpected(
        formatted("does not support braces (\"{0}\"): give it once for each alternative, like "
                  "'*.js={1}' and '*.css={1}'",
                  glob, example));
  }
  if (glob.find_first_of(", \t") != std::string_view::npos) {
    return std::unexpected(
        formatted("must have one glob without a comma or a space, not \"{}\": give it once for "
                  "each glob, and write ? for such a character in a name",
                  glob));
  }
  return {};
}

// What the server says of a message by itself: framing and the connection (RFC 9110 §7.6.1), the
// representation, and what the server sets last. A person's value would be untrue or overwritten.
constexpr auto kOwnFields = std::to_array<std::string_view>({
    "accept-ranges",
    "alt-svc",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "repr-digest",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
});
static_assert(std::ranges::is_sorted(kOwnFields));

// RFC 9110 §5.6.4.
bool is_quoted_string(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '"') return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size();
    if (text[i] == '\\') ++i;
  }
  return false;
}

// RFC 9110 §5.6.6, with a value as it must be, and no empty ones.
bool is_parameter(std::string_view text) noexcept {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view value = text.substr(equals + 1);
  return ascii::is_token(text.substr(0, equals)) &&
         (ascii::is_token(value) || is_quoted_string(value));
}

// RFC 9110 §8.3.1. A star is a token's character, but no part of a type's name (RFC 6838 §4.2).
bool is_media_type(std::string_view text) {
  if (!valid_field_value(text) || text.ends_with(';')) return false;
  const std::string_view essence = take_piece(text, ';');
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos || essence.contains('*') ||
      !ascii::is_token(essence.substr(0, slash)) || !ascii::is_token(essence.substr(slash + 1))) {
    return false;
  }
  while (!text.empty()) {
    if (!is_parameter(take_piece(text, ';'))) return false;
  }
  return true;
}

// Of one segment's last part; a glob would match nothing.
bool is_extension(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("./*?[]{}, \t") == std::string_view::npos;
}

// The error responses of the files handler. Other errors are found before it sees the request.
constexpr auto kPageStatuses = std::to_array<std::uint16_t>({404, 405, 406, 412, 416, 500, 503});

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  return lower;
}

bool has_empty_or_dotted_segment(std::string_view path) noexcept {
  for (;;) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

bool is_scheme(std::string_view text) noexcept {  // RFC 3986 §3.1
  return !text.empty() && ascii::is_alpha(text[0]) && std::ranges::all_of(text, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || std::string_view("+-.").contains(c);
  });
}

}  // namespace

Checked<SiteOptions::CacheRule> parse_cache_rule(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view glob = text.substr(0, equals);
  if (equals == std::string_view::npos || glob.empty()) {
    return std::unexpected(formatted("must be GLOB=RULE, like '*.css=7d', not \"{}\"", text));
  }
  if (names_directive(ascii::trim(glob.substr(0, glob.find(','))))) {
    return std::unexpected(formatted("\"{}\" has a rule but no glob: write '*={}' for all files",
                                     text, directives_in(text) ? text : "RULE"));
  }
  if (auto checked = check_glob(glob, "7d"); !checked) {
    return std::unexpected(checked.error());
  }
  const std::string_view rule = ascii::trim(text.substr(equals + 1));
  auto value = value_of(rule);
  if (!value) {
    return std::unexpected(
        formatted("{}=\"{}\" is not a valid rule: use immutable, no-store, no-cache, a time like "
                  "90, 10m, 12h or 7d, or directives of Cache-Control",
                  glob, rule));
  }
  return SiteOptions::CacheRule{std::string(glob), std::move(*value)};
}

Checked<SiteOptions::HeaderRule> parse_header_option(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return std::unexpected(
        formatted("must be 'NAME: VALUE' or 'GLOB=NAME: VALUE', but \"{}\" has no colon", text));
  }
  std::string_view written = text.substr(0, colon);
  std::string_view glob;
  if (const std::size_t equals = written.rfind('='); equals != std::string_view::npos) {
    glob = written.substr(0, equals);
    written.remove_prefix(equals + 1);
    if (glob.empty()) {
      return std::unexpected(
          formatted("\"{}\" has no glob before its equals sign: write '*={}: VALUE' for all files",
                    text, written));
    }
    if (auto checked = check_glob(glob, "NAME: VALUE"); !checked) {
      return std::unexpected(checked.error());
    }
  }
  std::string name(written);
  std::ranges::transform(name, name.begin(), ascii::lower);
  const std::string_view value = ascii::trim(text.substr(colon + 1));
  if (!ascii::is_token(name)) {
    return std::unexpected(
        formatted("must be 'NAME: VALUE' or 'GLOB=NAME: VALUE', but \"{}\" is not a field name: "
                  "use letters, digits and -",
                  written));
  }
  if (name.contains('*')) {  // a token's character, but no field has it in its name
    return std::unexpected(
        formatted("\"{}\" has a glob but no name: write '{}=NAME: VALUE'", text, written));
  }
  if (value.empty()) {
    return std::unexpected(formatted("{0} has no value: write '{0}: VALUE'", name));
  }
  if (!valid_field_value(value)) {
    return std::unexpected(
        formatted("{} has a control character in its value: write it on one line", name));
  }
  if (std::ranges::binary_search(kOwnFields, name)) {
    return std::unexpected(
        formatted("cannot set {}, which the server sets itself: leave it out", name));
  }
  return SiteOptions::HeaderRule{std::move(name), std::string(value), std::string(glob)};
}

Checked<std::pair<std::string, std::string>> parse_type_option(std::string_view text) {
  const std::size_t equals = text.find('=');
  std::string_view extension = text.substr(0, equals);
  if (extension.starts_with('.')) extension.remove_prefix(1);
  if (equals == std::string_view::npos || !is_extension(extension)) {
    return std::unexpected(
        formatted("must be EXT=TYPE with a file extension, like md=text/plain, not \"{}\"", text));
  }
  const std::string_view type = ascii::trim(text.substr(equals + 1));
  if (!is_media_type(type)) {
    return std::unexpected(
        formatted("{0}=\"{1}\" is not a media type: write it like {0}=text/plain or "
                  "'{0}=text/html; charset=utf-8'",
                  extension, type));
  }
  std::string lower(extension);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  return std::pair(std::move(lower), std::string(type));
}

Checked<std::pair<std::uint16_t, std::string>> parse_error_page(std::string_view text) {
  const std::size_t equals = text.find('=');
  std::uint16_t status = 0;
  const char* const begin = text.data();
  const char* const end = begin + std::min(equals, text.size());
  const auto [stop, error] = std::from_chars(begin, end, status);
  if (equals == std::string_view::npos || error != std::errc{} || stop != end ||
      !std::ranges::contains(kPageStatuses, status)) {
    return std::unexpected(
        formatted("must be CODE=PATH, like 404=/404.html, where CODE is 404, 405, 406, "
                  "412, 416, 500 or 503, not \"{}\"",
                  text));
  }
  std::string_view path = text.substr(equals + 1);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (has_empty_or_dotted_segment(path)) {
    return std::unexpected(formatted(
        "must have the path of a file in the folder, like 404=/404.html, not \"{}\"", text));
  }
  return std::pair(status, std::string(path));
}

Checked<std::string> parse_cors_origin(std::string_view text) {
  if (text == "*") return std::string(text);
  // RFC 6454 §6.2: in lower case, and without the port that the scheme stands for.
  std::string origin = lower_case(text);
  const std::size_t slashes = origin.find("://");
  const std::string_view scheme = std::string_view(origin).substr(0, slashes);
  const std::string_view host =
      slashes == std::string::npos ? "" : std::string_view(origin).substr(slashes + 3);
  // RFC 3986 allows a star in a host, but no browser has one, so that it would match nobody.
  if (!is_scheme(scheme) || !valid_authority(host) || host.ends_with(':') || host.contains('*')) {
    return std::unexpected(
        formatted("must be '*' or an origin like https://example.org (no path, no trailing "
                  "slash), not \"{}\"",
                  text));
  }
  const std::string_view usual = scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
  if (!usual.empty() && host.ends_with(usual)) origin.resize(origin.size() - usual.size());
  return origin;
}

}  // namespace troika
