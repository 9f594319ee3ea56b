#include "config/findings.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::size_t kMostShown = 120;  // bytes of a line

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

// A part of the line around the column that fits a screen, and where the column is in it, from 0.
std::pair<std::string, std::size_t> window(std::string_view line, std::size_t column) {
  std::size_t byte = 0;
  for (std::size_t left = column - 1; byte < line.size(); ++byte) {
    if (begins_character(line[byte]) && left-- == 0) break;
  }
  std::size_t begin = byte > kMostShown / 2 ? byte - kMostShown / 2 : 0;
  if (line.size() <= kMostShown) begin = 0;
  while (begin > 0 && !begins_character(line[begin])) --begin;
  std::size_t end = std::min(line.size(), begin + kMostShown);
  while (end < line.size() && !begins_character(line[end])) ++end;
  std::string shown(line.substr(begin, end - begin));
  // Whatever a terminal would do with a control character, it is not to show the line.
  std::ranges::replace_if(shown, [](char c) { return c >= 0 && c < 0x20; }, ' ');
  const std::string_view before = std::string_view(shown).substr(0, byte - begin);
  return {shown, static_cast<std::size_t>(std::ranges::count_if(before, begins_character))};
}

}  // namespace

std::uint32_t Findings::add_file(std::string name, std::string text) {
  files_.push_back({std::move(name), std::move(text)});
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::vector<std::string> Findings::file_names() const {
  std::vector<std::string> names;
  for (const File& file : files_) names.push_back(file.name);
  return names;
}

void Findings::add(Finding::Kind kind, Written at, std::string sentence) {
  std::size_t& count = kind == Finding::Kind::error ? errors_ : others_;
  if (count >= kMost) return;
  ++count;
  list_.push_back({kind, at, std::move(sentence)});
}

std::vector<Finding> Findings::sorted() const {
  std::vector<Finding> sorted = list_;
  std::ranges::stable_sort(sorted, {}, [](const Finding& finding) {
    return std::tuple(finding.at.file, finding.at.line, finding.at.column);
  });
  return sorted;
}

std::string Findings::place(Written at) const {
  if (at.line == 0) return {};
  return formatted("{}:{}:{}", files_[at.file].name, at.line, at.column);
}

std::string Findings::shown(const Finding& finding) const {
  if (finding.at.line == 0) return finding.sentence + '\n';
  std::string text = formatted("{}: {}\n", place(finding.at), finding.sentence);
  const std::string_view line = line_of(files_[finding.at.file].text, finding.at.line);
  if (line.empty()) return text;
  const auto [part, column] = window(line, std::max(finding.at.column, 1U));
  const std::string number = std::to_string(finding.at.line);
  append_formatted(text, "  {} | {}\n  {} | {}^\n", number, part, std::string(number.size(), ' '),
                   std::string(column, ' '));
  return text;
}

std::string errors_text(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings.sorted()) {
    if (finding.kind == Finding::Kind::error) text += findings.shown(finding);
  }
  text.pop_back();  // who prints it ends the line
  const std::size_t count = findings.errors();
  if (findings.full()) return formatted("there are {} errors or more:\n{}", count, text);
  if (count > 1) return formatted("there are {} errors:\n{}", count, text);
  return text;
}

}  // namespace troika
