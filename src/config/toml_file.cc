#include "config/toml_file.h"

#include <algorithm>

#include "base/text.h"

// The library's code is compiled here and nowhere else, without exceptions. Its limit is for values
// within values; for the parts of keys it has none, see DepthCheck. Its assertions would end the
// process for what is only a mistake of the file, like "[.a]", which the code behind them tells.
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(condition) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.hpp>

namespace troika {
namespace {

static_assert(TOML_MAX_NESTED_VALUES == kMostTomlDepth);

Written place(const toml::source_region& source, std::uint32_t file) {
  return {file, source.begin.line, source.begin.column};
}

TomlValue copy(const toml::node& node, std::uint32_t file);

TomlValue copy(const toml::table& table, std::uint32_t file) {
  TomlValue value{.kind = TomlValue::Kind::table, .at = place(table.source(), file)};
  value.entries.reserve(table.size());
  for (const auto& [key, node] : table) {
    value.entries.push_back({std::string(key.str()), place(key.source(), file), copy(node, file)});
  }
  // The library sorts by name.
  std::ranges::sort(value.entries, {}, [](const TomlEntry& entry) {
    return std::pair(entry.at.line, entry.at.column);
  });
  return value;
}

TomlValue copy(const toml::node& node, std::uint32_t file) {
  if (const toml::table* const table = node.as_table()) return copy(*table, file);
  TomlValue value{.kind = TomlValue::Kind::other, .at = place(node.source(), file)};
  if (const toml::array* const array = node.as_array()) {
    value.kind = TomlValue::Kind::array;
    value.items.reserve(array->size());
    for (const toml::node& item : *array) value.items.push_back(copy(item, file));
  } else if (const auto* const text = node.as_string()) {
    value.kind = TomlValue::Kind::text;
    value.text = text->get();
  } else if (const auto* const number = node.as_integer()) {
    value.kind = TomlValue::Kind::integer;
    value.text = std::to_string(number->get());
  } else if (const auto* const boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::boolean;
    value.text = boolean->get() ? "true" : "false";
  }
  return value;
}

// Finds a key with too many parts before the library makes a table of each: it destroys them by
// recursion, so that a long key would end the process. Knows of TOML where strings and comments
// end, and takes every dot outside of them for one between parts.
class DepthCheck {
 public:
  explicit DepthCheck(std::string_view text) : text_(text) {}

  // The place of the first part too many: a byte of the text.
  std::size_t find() {
    std::size_t parts = 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        skip_to("\n");
        parts = 1;
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else {
        if (c == '.' && ++parts > kMostTomlDepth) return at_;
        if (std::string_view("=[]{},\n").contains(c)) parts = 1;
        ++at_;
      }
    }
    return std::string_view::npos;
  }

 private:
  void skip_to(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
  }
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool lines = text_.substr(at_).starts_with(three);
    at_ += lines ? 3 : 1;
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (quote == '"' && rest.front() == '\\') {
        at_ += std::min<std::size_t>(2, rest.size());
      } else if (lines && rest.starts_with(three)) {
        at_ += 3;
        while (at_ < text_.size() && text_[at_] == quote) ++at_;  // two more may belong to the text
        return;
      } else if (!lines && (rest.front() == quote || rest.front() == '\n')) {
        ++at_;
        return;
      } else {
        ++at_;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Written place_of_byte(std::string_view text, std::size_t byte, std::uint32_t file) {
  const std::string_view before = text.substr(0, byte);
  const std::size_t line = before.rfind('\n');
  const std::string_view on_line =
      line == std::string_view::npos ? before : before.substr(line + 1);
  const auto characters = std::ranges::count_if(
      on_line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
  return {file, static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
          static_cast<std::uint32_t>(characters + 1)};
}

// The library's description as the end of a sentence, with what a person most often means by it.
std::string sentence_of(std::string_view description) {
  constexpr std::string_view kBeginning = "Error while parsing ";
  std::string text(description);
  std::string_view where;
  const std::size_t colon = text.find(": ");
  if (text.starts_with(kBeginning) && colon != std::string::npos) {
    where = description.substr(kBeginning.size(), colon - kBeginning.size());
    text.erase(0, colon + 2);
  }
  for (const auto& [said, hint] : {
           std::pair("could not determine value type", ": a text stands in quotes, like \"text\""),
           {"expected 'true'", ": a text stands in quotes, like \"text\""},
           {"expected 'false'", ": a text stands in quotes, like \"text\""},
           {"expected 'nan'", ": a text stands in quotes, like \"text\""},
           {"expected 'inf'", ": a text stands in quotes, like \"text\""},
           {"expected value, saw", ": a value has to follow the equals sign"},
           {"expected '='", ": write KEY = VALUE, or [TABLE]"},
       }) {
    if (text.contains(said)) text += hint;
  }
  std::ranges::replace(text, '\n', ' ');
  return where.empty() ? "is not TOML: " + text : formatted("is not TOML ({}): {}", where, text);
}

}  // namespace

std::expected<TomlValue, TomlError> parse_toml(std::string_view text, std::uint32_t file) {
  if (text.size() > kMostTomlBytes) {
    return std::unexpected(
        TomlError{{file, 1, 1},
                  formatted("is longer than {} MiB: divide it, and name the parts in include",
                            kMostTomlBytes >> 20U)});
  }
  if (const std::size_t deep = DepthCheck(text).find(); deep != std::string_view::npos) {
    return std::unexpected(TomlError{
        place_of_byte(text, deep, file),
        formatted("is not a configuration: a key has more than {} parts", kMostTomlDepth)});
  }
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    return std::unexpected(
        TomlError{place(result.error().source(), file), sentence_of(result.error().description())});
  }
  return copy(result.table(), file);
}

}  // namespace troika
