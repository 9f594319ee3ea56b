// One mistake each in a configuration that is right: tests/unit/config/mistakes.txt.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "config/config_file.h"
#include "support/file_text.h"
#include "test_paths.h"
#include "unit/config/example.h"

using namespace troika;

namespace {

// "- " lines of the example that "+ " lines stand for; a ^ in these is no part of them, but where
// the error is, which is what the "! " line says. DIR is the folder of the file.
struct Mistake {
  std::string right, wrong, said;
};

std::vector<Mistake> mistakes() {
  std::istringstream in(test::file_text(TROIKA_SOURCE_DIR "/tests/unit/config/mistakes.txt"));
  std::vector<Mistake> all(1);
  const auto append = [](std::string& to, const std::string& line) {
    to += (to.empty() ? "" : "\n") + line.substr(2);
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("- ")) append(all.back().right, line);
    if (line.starts_with("+ ")) append(all.back().wrong, line);
    if (!line.starts_with("! ")) continue;
    all.back().said = line.substr(2);
    all.emplace_back();
  }
  all.pop_back();
  return all;
}

std::string without_folder(std::string text, const std::string& folder) {
  const std::size_t at = text.find(folder);
  return at == std::string::npos ? text : text.replace(at, folder.size(), "DIR");
}

}  // namespace

TEST_CASE("The example is right") {
  const TempFolder folder;
  const auto read = test::read_text(folder, test::kExample);
  if (!read) FAIL(errors_text(read.error()));
  CHECK(read->findings.sorted().empty());
}

TEST_CASE("Each mistake is told where it is, and what to write instead") {
  const TempFolder folder;
  const auto all = mistakes();
  CHECK(all.size() >= 180);
  for (const auto& [right, wrong, said] : all) {
    CAPTURE(right, wrong);
    std::string text(test::kExample);
    const std::size_t at = text.find(right);
    REQUIRE(at != std::string::npos);
    text.replace(at, right.size(), wrong);
    const std::size_t mark = text.find('^');
    REQUIRE(mark != std::string::npos);
    const std::string_view before = std::string_view(text).substr(0, mark);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = mark - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    text.erase(mark, 1);
    const auto read = test::read_text(folder, text);
    REQUIRE(!read);
    auto found = read.error().sorted();
    std::erase_if(found, [](const Finding& each) { return each.kind != Finding::Kind::error; });
    REQUIRE(!found.empty());
    CHECK(found.size() == 1);
    CHECK(without_folder(found.front().sentence, folder.path()) == said);
    CHECK(found.front().at.line == line);
    CHECK(found.front().at.column == column);
  }
}
