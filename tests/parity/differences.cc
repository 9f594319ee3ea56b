#include "parity/differences.h"

#include <algorithm>
#include <format>
#include <fstream>
#include <map>
#include <sstream>

#include "base/ascii.h"
#include "http/date.h"
#include "parity/check.h"
#include "parity/multipart.h"

namespace troika::parity {
namespace {

constexpr std::size_t kMostLines = 10;
constexpr std::string_view kBoundary = "boundary", kFuture = "future";

// Gives all multipart answers the same boundary.
void level_boundary(Answer& answer) {
  for (auto& [name, value] : answer.fields) {
    if (name != "content-type") continue;
    const auto boundary = boundary_of(value);
    if (!boundary) return;
    constexpr std::string_view kLevel = "BOUNDARY";
    value = "multipart/byteranges; boundary=" + std::string(kLevel);
    for (std::size_t at = answer.body.find(*boundary); at != std::string::npos;
         at = answer.body.find(*boundary, at + kLevel.size())) {
      answer.body.replace(at, boundary->size(), kLevel);
    }
    return;
  }
}

// A time at most as long ago as a test may take is "now".
void level_now(Answer& answer) {
  constexpr std::time_t kRecent = 600;
  const std::time_t now = std::time(nullptr);
  for (auto& [name, value] : answer.fields) {
    if (name != "last-modified") continue;
    const auto then = parse_http_date(value, now);
    if (then && *then <= now && now - *then < kRecent) value = "now";
  }
}

std::map<std::string, std::string> lists(const Fields& fields) {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : fields) {
    std::string& list = all[name];
    list += (list.empty() ? "" : " | ") + value;
  }
  return all;
}

}  // namespace

Checked<Differences> Differences::read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  if (text.view().empty()) return std::unexpected("cannot read " + file.string());
  auto parsed = parse(text.view());
  if (!parsed) return std::unexpected(file.string() + ":" + parsed.error());
  return parsed;
}

Checked<Differences> Differences::parse(std::string_view text) {
  Differences all;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t space = line.find(' ');
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || space > colon ||
        ascii::trim(line.substr(colon + 1)).empty()) {
      return std::unexpected(
          std::format("{}: a line is \"field NAME: why\" or \"rule NAME: why\"", number));
    }
    const std::string_view kind = line.substr(0, space);
    const std::string name(line.substr(space + 1, colon - space - 1));
    const bool is_rule = kind == "rule" && (name == kBoundary || name == kFuture);
    if (!is_rule && (kind != "field" || !ascii::is_token(name))) {
      return std::unexpected(std::format("{}: no such {}: {}", number, kind, name));
    }
    (is_rule ? all.rules_ : all.fields_).insert(name);
    if (number > kMostLines) {
      return std::unexpected(std::format("{}: more than {} differences", number, kMostLines));
    }
  }
  return all;
}

Answer Differences::comparable(Answer answer) const {
  if (rules_.contains(std::string(kBoundary))) level_boundary(answer);
  if (rules_.contains(std::string(kFuture))) level_now(answer);
  return answer;
}

std::string Differences::compare_fields(const Fields& a, const Fields& b) const {
  auto left = lists(a), right = lists(b);
  for (const std::string& name : fields_) {
    left.erase(name);
    right.erase(name);
  }
  for (const auto& [name, value] : left) {
    const auto other = right.find(name);
    if (other == right.end()) return std::format("{} ({}) only in the first", name, shown(value));
    if (other->second != value) {
      return std::format("{}: {} and {}", name, shown(value), shown(other->second));
    }
  }
  for (const auto& [name, value] : right) {
    if (!left.contains(name)) return std::format("{} ({}) only in the second", name, shown(value));
  }
  return "";
}

std::string Differences::compare(const Answer& first, const Answer& second) const {
  const Answer a = comparable(first), b = comparable(second);
  if (a.failure != b.failure) {
    return std::format("failure: \"{}\" and \"{}\"", a.failure, b.failure);
  }
  if (a.status != b.status) return std::format("status: {} and {}", a.status, b.status);
  if (auto fields = compare_fields(a.fields, b.fields); !fields.empty()) return fields;
  if (auto fields = compare_fields(a.trailers, b.trailers); !fields.empty()) {
    return "trailer " + fields;
  }
  return a.body == b.body ? "" : "body: " + difference(a.body, b.body);
}

}  // namespace troika::parity
