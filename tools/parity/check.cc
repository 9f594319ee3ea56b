#include "tools/parity/check.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "tools/parity/coding.h"
#include "tools/parity/invariants.h"
#include "tools/parity/values.h"

namespace troika::parity {
namespace {

bool has_member(const std::vector<std::string_view>& lists, std::string_view member) {
  for (std::string_view list : lists) {
    for (;;) {
      const std::size_t comma = list.find(',');
      if (ascii::equal_ignoring_case(ascii::trim(list.substr(0, comma)), member)) return true;
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
  }
  return false;
}

std::string joined(const std::vector<std::string_view>& values) {
  std::string all;
  for (const std::string_view value : values) all += (all.empty() ? "" : " | ") + shown(value);
  return all;
}

std::string check_field(const FieldRule& rule, const Answer& answer, const Fixture& fixture) {
  using Kind = FieldRule::Kind;
  const auto values = values_of(answer, rule.name);
  const auto wanted = expand(fixture, rule.value);
  if (!wanted) return wanted.error();
  if (rule.kind == Kind::absent) {
    return values.empty() ? "" : formatted("{} is there: {}", rule.name, joined(values));
  }
  if (values.empty()) return formatted("{} is not there", rule.name);
  if (rule.kind == Kind::member) {
    if (has_member(values, *wanted)) return "";
    return formatted("{}: {} has no member {}", rule.name, joined(values), *wanted);
  }
  if (values.size() > 1) {
    return formatted("{} is there {} times: {}", rule.name, values.size(), joined(values));
  }
  if (rule.kind == Kind::once || values[0] == *wanted) return "";
  return formatted("{}: got {}, not {}", rule.name, shown(values[0]), shown(*wanted));
}

// RFC 9110 §8.6: holds for every answer, whatever its row says.
std::string check_length(const Row& row, const Answer& answer) {
  const auto lengths = values_of(answer, "content-length");
  if (lengths.empty() || row.ask.method == "HEAD" || answer.status == 304) return "";
  const std::string size = std::to_string(answer.body.size());
  if (lengths.size() == 1 && lengths[0] == size) return "";
  return formatted("content-length: {}, of a body of {} bytes", joined(lengths), size);
}

std::string check_once(const Answer& answer, std::string_view name, std::string_view wanted) {
  const auto values = values_of(answer, name);
  if (values.size() == 1 && values[0] == wanted) return "";
  return formatted("{}: got {}, not {}", name, values.empty() ? "none" : joined(values),
                   shown(wanted));
}

struct Page {
  std::string type, content;
};

// Of an error, as its profile has it: a page that is not there is none.
Page error_page(const Row& row, const Fixture& fixture) {
  for (const auto& [status, path] : profile_named(row.profile).options.error_pages) {
    if (status != row.status) continue;
    if (auto bytes = fixture.read(path)) return {"text/html; charset=utf-8", *bytes};
  }
  return {"text/plain; charset=utf-8", short_text(row.status)};
}

std::vector<std::string> check_error(const Row& row, const Answer& answer, const Fixture& fixture) {
  const Page page = error_page(row, fixture);
  const auto codings = values_of(answer, "content-encoding");
  std::vector<std::string> wrong{check_once(answer, "content-type", page.type)};
  if (row.ask.method == "HEAD") {
    if (codings.empty()) {
      wrong.push_back(check_once(answer, "content-length", std::to_string(page.content.size())));
    }
    return wrong;
  }
  const auto content = codings.empty() ? answer.body : decode(codings[0], answer.body);
  if (!content || *content != page.content) {
    wrong.push_back("body: " + difference(content.value_or("no encoding"), page.content));
  }
  return wrong;
}

// RFC 9110 §9.3.2: HEAD has the length that GET would have.
std::string check_head(const BodyRule& rule, const Answer& answer, const Fixture& fixture) {
  using Kind = BodyRule::Kind;
  if (rule.kind == Kind::text) {
    return check_once(answer, "content-length", std::to_string(rule.text.size()));
  }
  if (rule.kind != Kind::file || !rule.ranges.empty()) return "";
  const auto file = fixture.read(rule.file);
  if (!file) return file.error();
  return check_once(answer, "content-length", std::to_string(file->size()));
}

}  // namespace

Checked<Ask> ask_of(const Row& row, const Fixture& fixture) {
  Ask ask = row.ask;
  for (auto& [name, value] : ask.fields) {
    auto expanded = expand(fixture, value);
    if (!expanded) {
      return std::unexpected(formatted("{}: {}: {}", row.place(), name, expanded.error()));
    }
    value = std::move(*expanded);
  }
  return ask;
}

std::vector<std::string> check(const Row& row, const Answer& answer, const Fixture& fixture) {
  if (!answer.failure.empty()) return {"no whole answer: " + answer.failure};
  std::vector<std::string> wrong;
  const auto note = [&](std::string line) {
    if (!line.empty()) wrong.push_back(std::move(line));
  };
  if (answer.status != row.status) {
    note(formatted("status: got {}, not {}", answer.status, row.status));
  }
  for (const FieldRule& rule : row.fields) note(check_field(rule, answer, fixture));
  note(check_length(row, answer));
  const bool head = row.ask.method == "HEAD";
  if (row.status >= 400 && (row.bodies.empty() || head)) {
    for (std::string& line : check_error(row, answer, fixture)) note(std::move(line));
  }
  if (head) {
    for (const BodyRule& rule : row.bodies) note(check_head(rule, answer, fixture));
    if (!answer.body.empty()) note("body: an answer to HEAD has one: " + shown(answer.body));
    return wrong;
  }
  for (const BodyRule& rule : row.bodies) note(check_body(rule, answer, fixture));
  return wrong;
}

std::string shown(std::string_view bytes) {
  constexpr std::size_t kMost = 120;
  std::string out = "\"";
  for (const char c : bytes.substr(0, kMost)) {
    if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (c < ' ' || c == 0x7f) {
      out += formatted("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  out += '"';
  if (bytes.size() > kMost) out += formatted("... ({} bytes)", bytes.size());
  return out;
}

std::string difference(std::string_view got, std::string_view wanted) {
  const auto [at, unused] = std::ranges::mismatch(got, wanted);
  const auto place = static_cast<std::size_t>(at - got.begin());
  constexpr std::size_t kContext = 24;
  std::string text =
      formatted("at byte {}: got {}, not {}", place, shown(got.substr(place, kContext)),
                shown(wanted.substr(place, kContext)));
  if (got.size() != wanted.size()) {
    text += formatted(" ({} bytes, not {})", got.size(), wanted.size());
  }
  return text;
}

}  // namespace troika::parity
