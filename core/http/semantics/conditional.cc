#include "http/semantics/conditional.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/message/date.h"

namespace troika {
namespace {

struct EntityTag {
  bool weak = false;
  std::string_view opaque;  // with its quotes
};

// RFC 9110 §8.8.3: etagc. A backslash is not an escape in it.
bool is_etag_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
}

std::optional<EntityTag> take_tag(std::string_view& rest) noexcept {
  EntityTag tag{.weak = rest.starts_with("W/"), .opaque = {}};
  if (tag.weak) rest.remove_prefix(2);
  if (!rest.starts_with('"')) return std::nullopt;
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  if (!std::ranges::all_of(rest.substr(1, end - 1), is_etag_char)) return std::nullopt;
  tag.opaque = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  return tag;
}

std::optional<EntityTag> parse_tag(std::string_view text) noexcept {
  const auto tag = take_tag(text);
  return text.empty() ? tag : std::nullopt;
}

using Comparison = bool(const EntityTag& a, const EntityTag& b) noexcept;

bool weak_comparison(const EntityTag& a, const EntityTag& b) noexcept {
  return a.opaque == b.opaque;
}
bool strong_comparison(const EntityTag& a, const EntityTag& b) noexcept {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}

enum class ListReading : std::uint8_t { malformed, no_match, match };

ListReading read_line(std::string_view rest, const std::optional<EntityTag>& current,
                      Comparison compare) noexcept {
  ListReading result = ListReading::no_match;
  while (true) {
    const std::size_t member = rest.find_first_not_of(" \t,");
    if (member == std::string_view::npos) return result;
    rest.remove_prefix(member);
    const auto tag = take_tag(rest);
    rest = ascii::trim(rest);
    if (!tag || (!rest.empty() && rest.front() != ',')) return ListReading::malformed;
    if (current && compare(*tag, *current)) result = ListReading::match;
  }
}

// If-Match or If-None-Match for a representation that exists, so "*" matches. Each field line is
// parsed alone: joining lines inserts white space, so no entity tag can span two of them.
bool list_matches(const HeaderMap& headers, const FieldKey& name, std::string_view etag,
                  Comparison compare) noexcept {
  if (headers.count(name) == 1 && ascii::trim(*headers.get(name)) == "*") return true;
  const auto current = parse_tag(etag);
  bool found = false;
  for (const HeaderMap::Field field : headers) {
    if (field.name != name.text) continue;
    const ListReading reading = read_line(field.value, current, compare);
    if (reading == ListReading::malformed) return false;
    found = found || reading == ListReading::match;
  }
  return found;
}

std::optional<std::time_t> date_of(const HeaderMap& headers, const FieldKey& name,
                                   std::time_t now) {
  if (headers.count(name) != 1) return std::nullopt;
  return parse_http_date(*headers.get(name), now);
}

}  // namespace

bool matches_strongly(std::string_view a, std::string_view b) noexcept {
  const auto x = parse_tag(a);
  const auto y = parse_tag(b);
  return x && y && strong_comparison(*x, *y);
}

bool matches_weakly(std::string_view a, std::string_view b) noexcept {
  const auto x = parse_tag(a);
  const auto y = parse_tag(b);
  return x && y && weak_comparison(*x, *y);
}

Precondition evaluate_preconditions(Method method, const HeaderMap& headers,
                                    const Validators& current, std::time_t now) {
  if (headers.has("if-match")) {
    if (!list_matches(headers, "if-match", current.etag, strong_comparison)) {
      return Precondition::failed;
    }
  } else if (const auto date = date_of(headers, "if-unmodified-since", now)) {
    if (current.last_modified > date) return Precondition::failed;
  }

  const bool reads = method == Method::get || method == Method::head;
  if (headers.has("if-none-match")) {
    if (list_matches(headers, "if-none-match", current.etag, weak_comparison)) {
      return reads ? Precondition::not_modified : Precondition::failed;
    }
  } else if (reads) {
    const auto date = date_of(headers, "if-modified-since", now);
    if (date && current.last_modified && *current.last_modified <= *date)
      return Precondition::not_modified;
  }
  return Precondition::holds;
}

bool if_range_holds(const HeaderMap& headers, const Validators& current, std::time_t now) {
  if (!headers.has("if-range")) return true;
  if (headers.count("if-range") != 1) return false;
  const std::string_view value = *headers.get("if-range");
  if (matches_strongly(value, current.etag)) return true;
  const auto tag = parse_tag(current.etag);
  return tag && !tag->weak && current.last_modified &&
         parse_http_date(value, now) == current.last_modified;
}

}  // namespace troika
