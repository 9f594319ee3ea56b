// The current entity tag, then field lines "name: value"; "---" begins the next case. Preconditions
// are evaluated as RFC 9110 §13.2.2 reads to a second implementation, which shares the dates alone.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/cases.h"
#include "http/message/date.h"
#include "http/semantics/conditional.h"

using namespace troika;
using fuzz::require;

namespace {

constexpr std::time_t kModified = 784111777, kNow = 1'717'754'400;  // Sun, 06 Nov 1994 08:49:37 GMT

struct Tag {
  bool weak = false;
  std::string opaque;
};

// An automaton over the bytes of a line (RFC 9110 §8.8.3). False: it is no list of entity tags.
bool read_tags(std::string_view line, std::vector<Tag>& tags) {
  enum class State { between, slash, open, inside, after } state = State::between;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = c == ' ' || c == '\t';
    switch (state) {
      case State::between:
        if (blank || c == ',') break;
        if (c != '"' && c != 'W') return false;
        tags.push_back({c == 'W', {}});
        state = c == 'W' ? State::slash : State::inside;
        break;
      case State::slash:
        if (c != '/') return false;
        state = State::open;
        break;
      case State::open:
        if (c != '"') return false;
        state = State::inside;
        break;
      case State::inside:
        if (c == '"') {
          state = State::after;
        } else if (byte <= 0x20 || byte == 0x7f) {
          return false;
        } else {
          tags.back().opaque += c;
        }
        break;
      case State::after:
        if (!blank && c != ',') return false;
        if (c == ',') state = State::between;
        break;
    }
  }
  return state == State::between || state == State::after;
}

// Nothing when it is not one tag and no byte more.
std::optional<Tag> read_tag(std::string_view text) {
  std::vector<Tag> tags;
  if (!read_tags(text, tags) || tags.size() != 1) return std::nullopt;
  const std::size_t written = tags[0].opaque.size() + (tags[0].weak ? 4U : 2U);
  return text.size() == written ? std::optional(tags[0]) : std::nullopt;
}

bool same(const std::optional<Tag>& a, const std::optional<Tag>& b, bool strongly) {
  return a && b && a->opaque == b->opaque && !(strongly && (a->weak || b->weak));
}

struct Case {
  Validators current;
  HeaderMap headers;

  std::vector<std::string_view> values(std::string_view name) const {
    std::vector<std::string_view> all;
    for (const HeaderMap::Field field : headers) {
      if (field.name == name) all.push_back(field.value);
    }
    return all;
  }

  // Nothing: the field does not count.
  std::optional<bool> listed(std::string_view name, bool strongly) const {
    const auto lines = values(name);
    if (lines.empty()) return std::nullopt;
    const std::string_view first = lines[0];
    const std::size_t star = first.find('*');
    if (lines.size() == 1 && star != first.npos && first.find_first_not_of(" \t") == star &&
        first.find_last_not_of(" \t") == star) {
      return true;
    }
    std::vector<Tag> tags;
    for (const std::string_view line : lines) {
      if (!read_tags(line, tags)) return false;
    }
    const auto own = read_tag(current.etag);
    bool found = false;
    for (const Tag& tag : tags) found = found || same(tag, own, strongly);
    return found;
  }
  std::optional<std::time_t> date(std::string_view name) const {
    const auto lines = values(name);
    return lines.size() == 1 ? parse_http_date(lines[0], kNow) : std::nullopt;
  }

  Precondition expected(bool reads) const {
    const auto modified = current.last_modified;
    const auto unmodified_since = date("if-unmodified-since");
    const auto modified_since = date("if-modified-since");
    const bool lost =
        !listed("if-match", true)
             .value_or(!modified || !unmodified_since || *modified <= *unmodified_since);
    const bool known =
        listed("if-none-match", false)
            .value_or(reads && modified && modified_since && *modified <= *modified_since);
    if (lost || (known && !reads)) return Precondition::failed;
    return known ? Precondition::not_modified : Precondition::holds;
  }
  // RFC 9110 §13.1.5.
  bool range_expected() const {
    const auto lines = values("if-range");
    if (lines.empty()) return true;
    const auto own = read_tag(current.etag);
    if (lines.size() > 1 || !own || own->weak) return false;
    const auto date = parse_http_date(lines[0], kNow);
    return same(read_tag(lines[0]), own, true) || (date && date == current.last_modified);
  }
};

void check(const Case& one) {
  for (const auto& [method, reads] :
       {std::pair(Method::get, true), {Method::head, true}, {Method::put, false}}) {
    require(evaluate_preconditions(method, one.headers, one.current, kNow) == one.expected(reads));
  }
  require(if_range_holds(one.headers, one.current, kNow) == one.range_expected());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::for_each_case(input, [](std::string_view rest) {
    Case one{.current = {fuzz::take_line(rest), kModified}, .headers = {}};
    const std::string_view etag = one.current.etag;
    while (!rest.empty()) {
      const std::string_view line = fuzz::take_line(rest);
      const std::size_t colon = line.find(": ");
      if (colon == std::string_view::npos) continue;
      const std::string_view value = line.substr(colon + 2);
      one.headers.add(line.substr(0, colon), value);
      require(matches_strongly(value, etag) == same(read_tag(value), read_tag(etag), true));
      require(matches_weakly(etag, value) == same(read_tag(value), read_tag(etag), false));
    }
    check(one);
    one.current.last_modified.reset();
    check(one);
  });
  return 0;
}
