#include "tools/parity/table.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "tools/parity/body_rule.h"

namespace troika::parity {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), ascii::lower);
  return out;
}

// What is wrong with a line; "" for nothing.
using Wrong = std::string;

class TableReader {
 public:
  explicit TableReader(std::string name) : name_(std::move(name)) {}

  Checked<std::vector<Row>> read(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (const Wrong wrong = take(text.substr(0, end)); !wrong.empty()) return error(line_, wrong);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (const Wrong wrong = finish(); !wrong.empty()) return error(line_, wrong);
    return std::move(rows_);
  }

 private:
  std::unexpected<std::string> error(int line, const std::string& what) const {
    return std::unexpected(formatted("{}.table:{}: {}", name_, line, what));
  }

  Wrong take(std::string_view line) {
    if (line.empty() || line.starts_with("//")) return "";
    const std::string_view rest = line.substr(1);
    switch (line[0]) {
      case '%': return setting(rest);
      case '#': section_ = ascii::trim(rest); return finish();
      case '@': return begin(ascii::trim(rest));
      case '>': return request_line(rest);
      case '<': return answer_line(ascii::trim(rest));
      case '=': return body_line(rest);
      default: return request(line);
    }
  }

  Wrong setting(std::string_view text) {
    constexpr std::string_view kWord = "profile ";
    if (text == "once") {
      once_ = true;
      return finish();
    }
    if (!text.starts_with(kWord)) return formatted("no such setting: \"%{}\"", text);
    profile_ = ascii::trim(text.substr(kWord.size()));
    return finish();
  }

  Wrong begin(std::string_view title) {
    if (Wrong wrong = finish(); !wrong.empty()) return wrong;
    if (title.empty()) return "a row has a title";
    open_ = true;
    rows_.push_back({.file = name_,
                     .line = line_,
                     .section = section_,
                     .profile = profile_,
                     .title = std::string(title),
                     .once = once_,
                     .ask = {.method = ""}});
    return "";
  }

  Wrong finish() {
    if (!std::exchange(open_, false)) return "";
    if (rows_.back().ask.method.empty()) return formatted("\"{}\" has no request", row().title);
    return row().status == 0 ? formatted("\"{}\" has no status", row().title) : "";
  }

  Wrong request(std::string_view line) {
    if (!open_) return "a row begins with @ and its title";
    if (!row().ask.method.empty())
      return "a second request, or a line that begins with nothing known";
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.rfind(' ') != space) {
      return "a request is METHOD TARGET, and a target has no spaces";
    }
    row().ask.method = line.substr(0, space);
    row().ask.target = line.substr(space + 1);
    if (!ascii::is_token(row().ask.method) || row().ask.target.empty()) {
      return "a request is METHOD TARGET";
    }
    return "";
  }

  Wrong request_line(std::string_view text) {
    if (!open_ || row().ask.method.empty()) return "there is no request yet";
    if (text.starts_with("body")) return request_body(text.substr(4));
    const std::size_t colon = text.find(':');
    const std::string_view name = ascii::trim(text.substr(0, colon));
    if (colon == std::string_view::npos || !ascii::is_token(name)) return "a field is Name: value";
    row().ask.fields.emplace_back(name, ascii::trim(text.substr(colon + 1)));
    return "";
  }

  Wrong request_body(std::string_view text) {
    std::size_t times = 1;
    if (text.starts_with('*')) {
      const char* const end = text.data() + text.size();
      const auto [rest, error] = std::from_chars(text.data() + 1, end, times);
      if (error != std::errc{}) return ">body*TIMES text";
      text = {rest, static_cast<std::size_t>(end - rest)};
    }
    if (!text.empty() && text[0] != ' ') return ">body text, or >body*TIMES text";
    row().ask.body.emplace();
    for (; times > 0; --times)
      row().ask.body->append(text.substr(std::min<std::size_t>(1, text.size())));
    return "";
  }

  Wrong answer_line(std::string_view text) {
    if (!open_ || row().ask.method.empty()) return "there is no request yet";
    if (text.size() == 3 && std::ranges::all_of(text, ascii::is_digit)) {
      if (row().status != 0) return "a second status";
      std::from_chars(text.data(), text.data() + text.size(), row().status);
      return "";
    }
    using Kind = FieldRule::Kind;
    FieldRule rule{.kind = Kind::once, .name = ""};
    const std::size_t end = text.find_first_of(": ");
    const std::string_view rest = end == std::string_view::npos ? "" : text.substr(end);
    std::string_view name = text.substr(0, end);
    if (name.starts_with('-') && rest.empty()) {
      rule.kind = Kind::absent;
      name.remove_prefix(1);
    } else if (rest.starts_with(':')) {
      rule.kind = Kind::exactly;
      rule.value = ascii::trim(rest.substr(1));
    } else if (rest.starts_with(" ~ ")) {
      rule.kind = Kind::member;
      rule.value = ascii::trim(rest.substr(3));
    } else if (!rest.empty()) {
      return "one of: name: value, name, -name, name ~ member";
    }
    if (!ascii::is_token(name)) return formatted("\"{}\" is neither a status nor a field", text);
    rule.name = lower(name);
    row().fields.push_back(std::move(rule));
    return "";
  }

  Wrong body_line(std::string_view text) {
    if (!open_ || row().ask.method.empty()) return "there is no request yet";
    auto rule = parse_body_rule(text);
    if (!rule) return rule.error();
    row().bodies.push_back(std::move(*rule));
    return "";
  }

  Row& row() { return rows_.back(); }

  std::string name_, section_, profile_ = "default";
  std::vector<Row> rows_;
  int line_ = 0;
  bool once_ = false;
  bool open_ = false;  // the last row's lines may still come
};

}  // namespace

Checked<std::vector<Row>> read_table(const std::string& name, std::string_view text) {
  return TableReader(name).read(text);
}

Checked<std::vector<Row>> read_tables(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".table") paths.push_back(entry.path());
  }
  if (failed) return std::unexpected(formatted("{}: {}", folder.string(), failed.message()));
  std::ranges::sort(paths);
  std::vector<Row> all;
  for (const auto& path : paths) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    auto rows = read_table(path.stem().string(), text.view());
    if (!rows) return std::unexpected(rows.error());
    std::ranges::move(*rows, std::back_inserter(all));
  }
  return all;
}

}  // namespace troika::parity
