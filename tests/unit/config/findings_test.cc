#include "config/findings.h"

#include <catch2/catch_test_macros.hpp>

#include "config/schema.h"

using namespace troika;

namespace {

std::string shown(std::string text, Written at) {
  Findings findings;
  findings.add_file("t.toml", std::move(text));
  return findings.shown({.at = at, .sentence = "wrong"});
}

}  // namespace

TEST_CASE("A finding has its place, its line, and a caret below the column") {
  CHECK(shown("a\nbcd = 1\n", {0, 2, 7}) == "t.toml:2:7: wrong\n  2 | bcd = 1\n    |       ^\n");
  CHECK(shown("a", {0, 1, 2}) == "t.toml:1:2: wrong\n  1 | a\n    |  ^\n");
  CHECK(shown("a", {0, 3, 1}) == "t.toml:3:1: wrong\n");  // the end of the file
  CHECK(shown("a", {}) == "wrong\n");                     // of the command line
  // Tabs and other control characters do not move the caret; columns are characters.
  CHECK(shown("\tä\x1b = 1", {0, 1, 6}) == "t.toml:1:6: wrong\n  1 |  ä  = 1\n    |      ^\n");
}

TEST_CASE("Of a long line, the part around the column is shown") {
  const std::string text = shown(std::string(200, 'a') + "X" + std::string(200, 'b'), {0, 1, 201});
  const std::size_t line = text.find("| ") + 2, caret = text.rfind('^');
  CHECK(text.substr(line, text.find('\n', line) - line) ==
        std::string(60, 'a') + "X" + std::string(59, 'b'));
  CHECK(caret - text.rfind("| ") == 62);
}

TEST_CASE("The nearest of some words is two letters off at most, and not another word") {
  const std::vector<std::string_view> words{"listen", "limits", "h3", "log", "idle"};
  CHECK(nearest("listen", words) == "listen");
  CHECK(nearest("lsten", words) == "listen");
  CHECK(nearest("lisetn", words) == "listen");
  CHECK(nearest("listenxx", words) == "listen");
  CHECK(nearest("listenxxx", words) == "");
  CHECK(nearest("idel", words) == "idle");
  CHECK(nearest("h2", words) == "h3");
  CHECK(nearest("cc", words) == "");
  CHECK(nearest("lug", words) == "log");
  CHECK(nearest("", words) == "");
}
