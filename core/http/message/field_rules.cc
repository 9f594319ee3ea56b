#include "http/message/field_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace troika {
namespace {

// Fields for all recipients, beside those with a prefix of kEndToEndPrefixes.
constexpr std::array<std::string_view, 23> kEndToEnd{
    "age",           "allow",    "authorization", "cache-control", "cookie",          "date",
    "early-data",    "etag",     "expect",        "expires",       "forwarded",       "host",
    "last-modified", "location", "origin",        "range",         "referer",         "retry-after",
    "set-cookie",    "trailer",  "vary",          "via",           "www-authenticate"};
static_assert(std::ranges::is_sorted(kEndToEnd));
constexpr std::array<std::string_view, 4> kEndToEndPrefixes{"access-control-", "content-", "if-",
                                                            "x-forwarded-"};

bool is_end_to_end(std::string_view name) noexcept {
  return std::ranges::binary_search(kEndToEnd, name) ||
         std::ranges::any_of(kEndToEndPrefixes,
                             [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

bool add_valid_field(HttpVersion version, std::string_view name, std::string_view value,
                     HeaderMap& to) {
  to.add(name, value);
  const std::size_t last = to.size() - 1;
  const bool strict = is_h1(version) || (ascii::is_lower(name) && ascii::is_trimmed(value));
  if (to.is_valid(last) && strict) return true;
  to.pop_back();
  return false;
}

std::optional<std::uint64_t> parse_length(std::string_view text) noexcept {
  std::int64_t length = 0;
  if (text.empty() || !ascii::is_digit(text[0])) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return static_cast<std::uint64_t>(length);
}

bool ConnectionOptions::add(std::string_view value, const Limits& limits) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());  // options have no quotes
    std::string name(ascii::trim(value.substr(0, comma)));
    value.remove_prefix(std::min(comma + 1, value.size()));
    std::ranges::transform(name, name.begin(), ascii::lower);
    if (!ascii::is_token(name) || name == "close" || is_connection_field(field_name(name)))
      continue;
    if (is_end_to_end(name)) continue;
    if (names_.size() == limits.connection_options) return false;
    names_.push_back(std::move(name));
  }
  return true;
}

bool ConnectionOptions::has(std::string_view name) const noexcept {
  return std::ranges::contains(names_, name);
}

void ConnectionOptions::remove_from(HeaderMap& headers) const {
  for (const std::string& name : names_) headers.remove(name);
}

}  // namespace troika
