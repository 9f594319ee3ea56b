#include "tools/parity/body_rule.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace troika::parity {
namespace {

using Range = std::pair<std::uint64_t, std::uint64_t>;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

// "5 9" at the end of "a.txt 5 9"; names of files may have spaces.
BodyRule file_rule(std::string_view text) {
  BodyRule rule{.kind = BodyRule::Kind::file};
  const std::size_t last = text.rfind(' ');
  const std::size_t first = last == std::string_view::npos || last == 0 ? std::string_view::npos
                                                                        : text.rfind(' ', last - 1);
  if (first != std::string_view::npos) {
    const auto from = number(text.substr(first + 1, last - first - 1));
    const auto to = number(text.substr(last + 1));
    if (from && to) {
      rule.ranges.emplace_back(*from, *to);
      text = text.substr(0, first);
    }
  }
  rule.file = text;
  return rule;
}

std::optional<Range> range_of(std::string_view word) {
  const std::size_t dash = word.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first = number(word.substr(0, dash));
  const auto last = number(word.substr(dash + 1));
  if (!first || !last) return {};
  return Range{*first, *last};
}

// FILE TYPE RANGE...: a type may have spaces before its parameters.
Checked<BodyRule> parts_rule(std::string_view text) {
  BodyRule rule{.kind = BodyRule::Kind::parts};
  rule.file = take_word(text);
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (const auto range = range_of(word)) {
      rule.ranges.push_back(*range);
    } else if (!rule.ranges.empty()) {
      return std::unexpected(formatted("\"{}\" is not FIRST-LAST", word));
    } else {
      rule.type += (rule.type.empty() ? "" : " ") + std::string(word);
    }
  }
  if (rule.type.empty() || rule.ranges.empty()) {
    return std::unexpected("=parts wants a file, a type and ranges");
  }
  return rule;
}

// A space within one of the texts is \x20.
Checked<BodyRule> order_rule(std::string_view text) {
  BodyRule rule{.kind = BodyRule::Kind::order};
  while (!text.empty()) {
    auto resolved = unescape(take_word(text));
    if (!resolved) return std::unexpected(resolved.error());
    if (!resolved->empty()) rule.texts.push_back(std::move(*resolved));
  }
  if (rule.texts.size() < 2) return std::unexpected("=order wants two texts or more");
  return rule;
}

Checked<BodyRule> text_rule(BodyRule::Kind kind, std::string_view text) {
  auto resolved = unescape(text);
  if (!resolved) return std::unexpected(resolved.error());
  return BodyRule{.kind = kind, .text = std::move(*resolved)};
}

}  // namespace

Checked<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    const char c = i + 1 < text.size() ? text[++i] : '\0';
    if (c == 'r' || c == 'n' || c == 't' || c == '\\') {
      out.push_back(c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : '\\');
      continue;
    }
    const int high = c == 'x' && i + 2 < text.size() ? ascii::hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? ascii::hex_value(text[i + 2]) : -1;
    if (low < 0) return std::unexpected("an escape is one of \\r \\n \\t \\\\ \\xHH");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Checked<BodyRule> parse_body_rule(std::string_view text) {
  if (text.empty()) return text_rule(BodyRule::Kind::text, "");
  if (text.starts_with(' ')) return text_rule(BodyRule::Kind::text, text.substr(1));
  const std::string_view word = take_word(text);
  if (word == "empty" && text.empty()) return BodyRule{.kind = BodyRule::Kind::empty};
  if (text.empty()) return std::unexpected(formatted("\"={}\" says nothing of what", word));
  if (word == "contains") return text_rule(BodyRule::Kind::contains, text);
  if (word == "lacks") return text_rule(BodyRule::Kind::lacks, text);
  if (word == "order") return order_rule(text);
  if (word == "file") return file_rule(text);
  if (word == "parts") return parts_rule(text);
  if (word != "decoded") return std::unexpected(formatted("no such body: \"={}\"", word));
  BodyRule rule{.kind = BodyRule::Kind::decoded};
  rule.coding = take_word(text);
  rule.file = text;
  if (rule.coding != "br" && rule.coding != "zstd" && rule.coding != "gzip") {
    return std::unexpected(formatted("no such coding: \"{}\"", rule.coding));
  }
  if (rule.file.empty()) return std::unexpected("=decoded wants a coding and a file");
  return rule;
}

}  // namespace troika::parity
