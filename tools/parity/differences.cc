#include "tools/parity/differences.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "http/message/date.h"
#include "tools/parity/check.h"
#include "tools/parity/multipart.h"

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

bool is_future(const Ask& ask) {
  return std::string_view(ask.target).substr(0, ask.target.find('?')) == "/future.txt";
}

std::map<std::string, std::string> lists(const Fields& fields) {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : fields) {
    std::string& list = all[name];
    list += (list.empty() ? "" : " | ") + value;
  }
  return all;
}

std::string compare_lists(const std::map<std::string, std::string>& left,
                          const std::map<std::string, std::string>& right) {
  for (const auto& [name, value] : left) {
    const auto other = right.find(name);
    if (other == right.end()) return formatted("{} ({}) only in the first", name, shown(value));
    if (other->second != value) {
      return formatted("{}: {} and {}", name, shown(value), shown(other->second));
    }
  }
  for (const auto& [name, value] : right) {
    if (!left.contains(name)) return formatted("{} ({}) only in the second", name, shown(value));
  }
  return "";
}

// RFC 9110 §9.3.2: HEAD has no length of content that would be compressed on the fly first, or of a
// listing (which has no tag), unless that is known already, nor a digest that is not.
void level_unknown(const Ask& ask, std::uint16_t status, std::map<std::string, std::string>& left,
                   std::map<std::string, std::string>& right) {
  if (ask.method != "HEAD" || status != 200) return;
  const auto etag = left.find("etag");
  const bool live = etag == left.end() || etag->second.contains('+');
  for (const char* const name : {"content-length", "repr-digest"}) {
    const bool may_miss = live || std::string_view(name) == "repr-digest";
    if (!may_miss || left.contains(name) == right.contains(name)) continue;
    left.erase(name);
    right.erase(name);
  }
}

std::string_view take_word(std::string_view& text) {
  text = ascii::trim(text);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
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
    const std::string wrong = number > kMostLines
                                  ? formatted("more than {} differences", kMostLines)
                                  : all.parse_line(text.substr(0, end));
    if (!wrong.empty()) return std::unexpected(formatted("{}: {}", number, wrong));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

std::string Differences::parse_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || ascii::trim(line.substr(colon + 1)).empty()) {
    return "a line is \"field NAME [PROTOCOL...]: why\" or \"rule NAME: why\"";
  }
  std::string_view words = line.substr(0, colon);
  const std::string_view kind = take_word(words);
  const std::string name(take_word(words));
  if (kind == "rule" && words.empty() && (name == kBoundary || name == kFuture)) {
    rules_.insert(name);
    return "";
  }
  if (kind != "field" || !ascii::is_token(name)) return formatted("no such {}: {}", kind, name);
  std::set<std::string>& protocols = fields_[name];
  while (!ascii::trim(words).empty()) {
    const std::string protocol(take_word(words));
    if (protocol != "h1" && protocol != "h2" && protocol != "h3") {
      return formatted("no such protocol: {}", protocol);
    }
    protocols.insert(protocol);
  }
  return "";
}

Answer Differences::comparable(const Ask& ask, const Answer& answer) const {
  Answer level = answer;
  if (rules_.contains(std::string(kBoundary))) level_boundary(level);
  if (rules_.contains(std::string(kFuture)) && is_future(ask)) level_now(level);
  return level;
}

// Gives what may differ the same value, and says what is there or missing against its line.
std::string Differences::level(Lists& fields, std::string_view protocol) const {
  for (const std::string& name : ignored_) fields.erase(name);
  for (const auto& [name, protocols] : fields_) {
    if (ignored_.contains(name)) continue;
    const bool there = fields.contains(name);
    const bool here = protocols.empty() || protocols.contains(std::string(protocol));
    if (there && !here) return formatted("{} over {}", name, protocol);
    if (!there && protocols.empty()) return formatted("no {} over {}", name, protocol);
    if (there) fields[name] = "any";
  }
  return "";
}

std::string Differences::compare(const Ask& ask, Said first, Said second) const {
  for (const Said& said : {first, second}) {
    if (said.answer.failure.empty()) continue;
    return formatted("no whole answer over {}: {}", said.protocol, said.answer.failure);
  }
  const Answer a = comparable(ask, first.answer), b = comparable(ask, second.answer);
  if (a.status != b.status) return formatted("status: {} and {}", a.status, b.status);
  Lists left = lists(a.fields), right = lists(b.fields);
  if (auto wrong = level(left, first.protocol); !wrong.empty()) return wrong;
  if (auto wrong = level(right, second.protocol); !wrong.empty()) return wrong;
  for (const auto& [name, protocols] : fields_) {
    if (protocols.empty()) continue;
    // Over all of its protocols or over none.
    const bool both = protocols.contains(std::string(first.protocol)) &&
                      protocols.contains(std::string(second.protocol));
    if (both && left.contains(name) != right.contains(name)) {
      return formatted("{} only over {}", name,
                       left.contains(name) ? first.protocol : second.protocol);
    }
    left.erase(name);
    right.erase(name);
  }
  level_unknown(ask, a.status, left, right);
  if (auto fields = compare_lists(left, right); !fields.empty()) return fields;
  const std::string trailers = compare_lists(lists(a.trailers), lists(b.trailers));
  if (!trailers.empty()) return "trailer " + trailers;
  return a.body == b.body ? "" : "body: " + difference(a.body, b.body);
}

std::string Differences::compare_heads(const Ask& ask, const Answer& get,
                                       const Answer& head) const {
  const Answer a = comparable(ask, get), b = comparable(ask, head);
  if (a.status != b.status) return formatted("status: {} and {}", a.status, b.status);
  Lists left = lists(a.fields), right = lists(b.fields);
  for (const auto& [name, protocols] : fields_) {
    if (!protocols.empty()) {  // about the connection, or the body, which HEAD has none of
      left.erase(name);
      right.erase(name);
    } else if (left.contains(name) && right.contains(name)) {
      left[name] = right[name] = "any";
    }
  }
  level_unknown(ask, a.status, left, right);
  return compare_lists(left, right);
}

}  // namespace troika::parity
