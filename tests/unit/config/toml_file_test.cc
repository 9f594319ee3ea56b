#include "config/toml_file.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/text.h"

using namespace troika;

namespace {

TomlValue parsed(std::string_view text) {
  auto tree = parse_toml(text, 7);
  if (!tree) FAIL(tree.error().sentence);
  return std::move(*tree);
}

// "KEY@LINE:COLUMN=VALUE@LINE:COLUMN " and so on, in the order of the tree.
std::string shown(const TomlValue& value) {
  std::string text;
  const auto place = [](Written at) { return formatted("@{}:{}", at.line, at.column); };
  for (const auto& [key, at, inner] : value.entries) {
    text += key + place(at) + '=' + shown(inner) + place(inner.at) + ' ';
  }
  for (const TomlValue& item : value.items) text += shown(item) + place(item.at) + ',';
  return text + value.text;
}

std::string refused(std::string_view text) {
  const auto tree = parse_toml(text, 7);
  REQUIRE(!tree);
  CHECK(tree.error().at.file == 7);
  return formatted("{}:{} {}", tree.error().at.line, tree.error().at.column, tree.error().sentence);
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

}  // namespace

TEST_CASE("Keys are in the order of the file, with the places of keys and values") {
  CHECK(shown(parsed("z = 1\na = \"x\"\nm = [true, 2]\n")) ==
        "z@1:1=1@1:5 a@2:1=x@2:5 m@3:1=true@3:6,2@3:12,@3:5 ");
  CHECK(shown(parsed("b.c = 1\n[t]\nz = 1\na = 2")) ==
        "b@1:1=c@1:3=1@1:7 @1:1 t@2:2=z@3:1=1@3:5 a@4:1=2@4:5 @2:1 ");
  CHECK(shown(parsed("[[s]]\n[[s.r]]\nx = 1\n[[s]]\n")) ==
        "s@1:3=r@2:5=x@3:1=1@3:5 @2:1,@2:1 @1:1,@4:1,@1:1 ");
  // Columns count characters.
  CHECK(shown(parsed("a = [\"ü\", 1]")) == "a@1:1=ü@1:6,1@1:11,@1:5 ");
}

TEST_CASE("Kinds of values") {
  using Kind = TomlValue::Kind;
  const TomlValue tree = parsed("a=\"x\"\nb=0x10\nc=true\nd=1.5\ne=1979-05-27\nf=[]\ng={}");
  std::string kinds;
  for (const TomlEntry& entry : tree.entries)
    kinds += std::to_string(static_cast<int>(entry.value.kind));
  CHECK(kinds == "0123345");
  CHECK(tree.entries[1].value.text == "16");
  CHECK(static_cast<int>(Kind::table) == 5);
  CHECK(tree.entries[0].at.file == 7);
}

TEST_CASE("What is not TOML is told where it is, with a hint") {
  CHECK(refused("a = /srv") ==
        "1:5 is not TOML (value): could not determine value type: a text stands in quotes, like "
        "\"text\"");
  CHECK(refused("a =\n") ==
        "1:4 is not TOML (key-value pair): expected value, saw '\\n': a value has to follow the "
        "equals sign");
  CHECK(refused("[.a]").starts_with("1:2 is not TOML (key): expected bare key starting character"));
  CHECK(refused("a b = 3").ends_with("expected '=', saw 'b': write KEY = VALUE, or [TABLE]"));
  CHECK(refused("a = 1\na = 2").starts_with("2:"));
  CHECK(refused("a = \"\x80\"").starts_with("1:"));
}

TEST_CASE("Depth: as many parts of a key and values within values as the limit, and not one more") {
  const std::size_t most = kMostTomlDepth;
  CHECK(parsed(repeated("a.", most - 1) + "a = 1").entries.size() == 1);
  CHECK(refused("x = 1\n" + repeated("a.", most) + "a = 1") ==
        formatted("2:{} is not a configuration: a key has more than {} parts", 2 * most, most));
  CHECK(parsed("[" + repeated("a.", most - 1) + "a]").entries.size() == 1);
  CHECK(refused("[" + repeated("a.", most) + "a]").starts_with("1:"));
  CHECK(refused("x = { " + repeated("a.", most) + "a = 1 }").starts_with("1:"));
  // A long one would make the library use up the stack.
  CHECK(refused(repeated("a.", 1'000'000) + "a = 1").starts_with("1:32 "));
  const auto nested = [](std::size_t depth) {
    return "a = " + repeated("[", depth) + repeated("]", depth);
  };
  CHECK(parsed(nested(most)).entries.size() == 1);
  CHECK(refused(nested(most + 1)).contains("maximum nested value depth"));
}

TEST_CASE("Dots in texts and comments are no parts of keys") {
  const std::string dots(40, '.');
  for (const std::string& text :
       {"a = \"" + dots + "\"", "a = '" + dots + "'", "a = 1 # " + dots, "a = \"\\\"" + dots + "\"",
        "a = \"\"\"\n\"" + dots + "\"\"\"\"", "a = '''\n" + dots + "'''", "'" + dots + "' = 1"}) {
    CAPTURE(text);
    CHECK(parsed(text).entries.size() == 1);
    CHECK(refused(text + "\n" + repeated("a.", 20) + "a = 1").contains("more than 16 parts"));
  }
}

TEST_CASE("Size: as many bytes as the limit, and not one more") {
  const std::string most = "a = 1\n" + std::string(kMostTomlBytes - 6, '#');
  CHECK(parsed(most).entries.size() == 1);
  CHECK(refused(most + '#') ==
        "1:1 is longer than 4 MiB: divide it, and name the parts in include");
}
