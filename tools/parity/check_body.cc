
#include "base/text.h"
#include "tools/parity/check.h"
#include "tools/parity/coding.h"
#include "tools/parity/multipart.h"

namespace troika::parity {
namespace {

std::string same(std::string_view got, std::string_view wanted) {
  return got == wanted ? "" : "body: " + difference(got, wanted);
}

std::string check_file(const BodyRule& rule, const Answer& answer, std::string_view file) {
  if (rule.ranges.empty()) return same(answer.body, file);
  const auto [first, last] = rule.ranges[0];
  if (first > last || last >= file.size()) return "the row's range is not in " + rule.file;
  return same(answer.body, file.substr(first, last - first + 1));
}

std::string check_decoded(const BodyRule& rule, const Answer& answer, std::string_view file) {
  const auto decoded = decode(rule.coding, answer.body);
  if (!decoded) return formatted("body: no valid {}: {}", rule.coding, shown(answer.body));
  return same(*decoded, file);
}

std::string check_part(const BodyRule& rule, std::size_t i, const Part& part,
                       std::string_view file) {
  const auto [first, last] = rule.ranges[i];
  if (first > last || last >= file.size()) return "the row's range is not in " + rule.file;
  const std::pair<std::string, std::string> type("content-type", rule.type);
  const std::pair<std::string, std::string> range(
      "content-range", formatted("bytes {}-{}/{}", first, last, file.size()));
  for (const auto& wanted : {type, range}) {
    std::size_t found = 0;
    for (const auto& [name, value] : part.fields) {
      if (name != wanted.first) continue;
      ++found;
      if (value != wanted.second) {
        return formatted("part {}: {}: got {}, not {}", i + 1, name, value, wanted.second);
      }
    }
    if (found != 1) return formatted("part {}: {} is there {} times", i + 1, wanted.first, found);
  }
  const std::string_view bytes = file.substr(first, last - first + 1);
  if (part.body == bytes) return "";
  return formatted("part {}: {}", i + 1, difference(part.body, bytes));
}

std::string check_parts(const BodyRule& rule, const Answer& answer, std::string_view file) {
  const auto types = values_of(answer, "content-type");
  if (types.size() != 1) return "body: no parts without one content-type";
  const auto boundary = boundary_of(types[0]);
  if (!boundary) return boundary.error();
  const auto parts = parse_multipart(answer.body, *boundary);
  if (!parts) return "body: " + parts.error();
  if (parts->size() != rule.ranges.size()) {
    return formatted("body: {} parts, not {}", parts->size(), rule.ranges.size());
  }
  for (std::size_t i = 0; i < parts->size(); ++i) {
    if (auto wrong = check_part(rule, i, (*parts)[i], file); !wrong.empty()) return wrong;
  }
  return "";
}

// Where each text stands first is what counts: a later row of a listing may name an earlier one.
std::string check_order(const BodyRule& rule, std::string_view body) {
  std::size_t before = 0;
  for (const std::string& text : rule.texts) {
    const std::size_t at = body.find(text);
    if (at == std::string_view::npos) return formatted("body: {} is not in it", shown(text));
    if (at < before) return formatted("body: {} is too early", shown(text));
    before = at;
  }
  return "";
}

}  // namespace

std::string check_body(const BodyRule& rule, const Answer& answer, const Fixture& fixture) {
  using Kind = BodyRule::Kind;
  if (rule.kind == Kind::text) return same(answer.body, rule.text);
  if (rule.kind == Kind::empty) return same(answer.body, "");
  if (rule.kind == Kind::contains) {
    if (answer.body.contains(rule.text)) return "";
    return formatted("body: {} is not in {}", shown(rule.text), shown(answer.body));
  }
  if (rule.kind == Kind::lacks) {
    if (!answer.body.contains(rule.text)) return "";
    return formatted("body: {} is in {}", shown(rule.text), shown(answer.body));
  }
  if (rule.kind == Kind::order) return check_order(rule, answer.body);
  const auto file = fixture.read(rule.file);
  if (!file) return file.error();
  if (rule.kind == Kind::file) return check_file(rule, answer, *file);
  if (rule.kind == Kind::decoded) return check_decoded(rule, answer, *file);
  return check_parts(rule, answer, *file);
}

}  // namespace troika::parity
