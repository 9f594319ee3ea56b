#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <filesystem>

#include "test_paths.h"
#include "unit/layout/rooms.h"
#include "unit/os/temp_folder.h"

namespace troika::layout {
namespace {

namespace fs = std::filesystem;

std::vector<Source> sources_below(std::initializer_list<const char*> tops) {
  const fs::path root(TROIKA_SOURCE_DIR);
  std::vector<Source> sources;
  for (const char* const top : tops) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      sources.push_back(
          {fs::relative(entry.path(), root).generic_string(), file_text(entry.path())});
    }
  }
  return sources;
}
const std::vector<Source>& product() {
  static const auto sources = sources_below({"core", "tls", "certs", "proto", "src"});
  return sources;
}

Rooms rooms() { return Rooms(file_text(fs::path(TROIKA_SOURCE_DIR) / "docs/architecture.md")); }

std::size_t lines_of(const Source& source) {
  return static_cast<std::size_t>(std::ranges::count(source.text, '\n'));
}

TEST_CASE("Every source file includes only what the table lets its room include") {
  const Rooms table = rooms();
  auto all = product();
  for (Source& tool : sources_below({"tools"})) all.push_back(std::move(tool));
  for (const Source& source : all) {
    for (const std::string& wrong : table.wrong_includes(source)) FAIL_CHECK(wrong);
  }
}

TEST_CASE("CMake links only what the table lets a room include") {
  for (const std::string& wrong :
       rooms().wrong_links(file_text(fs::path(TROIKA_SOURCE_DIR) / "CMakeLists.txt"))) {
    FAIL_CHECK(wrong);
  }
}

// Each may only go down, but the first: what the server learns may need files of its own.
TEST_CASE("The numbers of the house") {
  const auto& files = product();
  std::vector<std::size_t> lines;
  std::size_t thin = 0, lonely = 0;
  for (const Source& source : files) {
    lines.push_back(lines_of(source));
    if (lines.back() < 30) ++thin;
    if (source.path.ends_with(".cc") && source.path != "src/main.cc") {
      const std::string header = source.path.substr(0, source.path.size() - 2) + 'h';
      if (!std::ranges::contains(files, header, &Source::path)) ++lonely;
    }
  }
  std::ranges::sort(lines);
  CHECK(files.size() <= 440);
  CHECK(thin <= files.size() / 12);
  CHECK(lines[lines.size() / 2] >= 86);
  CHECK(lines.back() <= 400);
  CHECK(lonely == 0);
  CHECK(module_circles(files).empty());
}

constexpr std::string_view kTable =
    "text\n"
    "| room | may include | libraries |\n"
    "|---|---|---|\n"
    "| `core/base` | – | – |\n"
    "| `core/ports` | `core/base` | – |\n"
    "| `proto/a` | `core/*` | `a.h` in `one.cc` |\n"
    "| `src/b` | `core/base`, `proto/a/seam.h` | `b/`, `c.h` |\n"
    "\n"
    "| other | table |\n";

TEST_CASE("What a room may not include is found, with its file and line") {
  const Rooms table(kTable);
  const auto wrong = [&](const char* path, const char* text) {
    return table.wrong_includes({path, text});
  };
  CHECK(wrong("core/base/x.cc", "#include \"base/y.h\"\n#include <vector>\n").empty());
  CHECK(wrong("core/base/x.cc", "\n  #  include \"ports/y.h\"  // once\n") ==
        std::vector<std::string>{"core/base/x.cc:2: core/base may not include ports/y.h"});
  CHECK(wrong("core/base/x.cc", "// #include \"ports/y.h\"\n").empty());
  CHECK(wrong("core/base/x.cc", "#include \"y.h\"").size() == 1);
  CHECK(wrong("core/base/x.cc", "#include \"../base/y.h\"").size() == 1);
  CHECK(wrong("proto/a/x.cc", "#include \"base/y.h\"\n#include \"ports/y.h\"\n").empty());
  CHECK(wrong("src/b/x.cc", "#include \"proto/a/seam.h\"").empty());
  CHECK(wrong("src/b/x.cc", "#include \"proto/a/other.h\"").size() == 1);
  CHECK(wrong("src/extra/x.cc", "").size() == 1);
}

TEST_CASE("A library is used where the table says, and nowhere else") {
  const Rooms table(kTable);
  const auto wrong = [&](const char* path, const char* text) {
    return table.wrong_includes({path, text}).size();
  };
  CHECK(wrong("proto/a/one.cc", "#include <a.h>") == 0);
  CHECK(wrong("proto/a/two.cc", "#include <a.h>") == 1);
  CHECK(wrong("src/b/x.cc", "#include <b/b.h>\n#include <c.h>") == 0);
  CHECK(wrong("core/base/x.cc", "#include <b/b.h>\n#include <c.h>") == 2);
}

TEST_CASE("A rule that is taken out of the table is missed") {
  std::string text(kTable);
  text.replace(text.find("`core/*`"), 8, "`core/base`");
  CHECK(Rooms(text).wrong_includes({"proto/a/x.cc", "#include \"ports/y.h\""}).size() == 1);
}

TEST_CASE("The table has no arrow up") {
  std::string text(kTable);
  text.replace(text.find("–"), std::string_view("–").size(), "`core/ports`");
  CHECK_THROWS_WITH(Rooms(text), "core/base may include core/ports, which does not stand above it");
}

TEST_CASE("CMake is held against the table") {
  const Rooms table(kTable);
  CHECK(table
            .wrong_links("troika_room(core/base)\ntroika_room(core/ports LINK core/base)\n"
                         "troika_room(proto/a LINK core/base LIBS x)\ntroika_room(src/b)\n")
            .empty());
  CHECK(table.wrong_links("troika_room(core/base LINK core/ports)\ntroika_room(core/ports)\n"
                          "troika_room(src/b)\ntroika_room(src/c)") ==
        std::vector<std::string>{"CMakeLists.txt: core/base may not link core/ports",
                                 "CMakeLists.txt: the table has no row for src/c",
                                 "CMakeLists.txt: there is no library of proto/a"});
}

TEST_CASE("A circle between modules is found, through a header or a source file") {
  CHECK(module_circles({{"src/a/one.h", "#include \"a/two.h\""},
                        {"src/a/two.h", ""},
                        {"src/a/two.cc", "#include \"a/two.h\"\n#include \"a/three.h\""},
                        {"src/a/three.h", "#include \"a/one.h\""},
                        {"src/a/four.cc", "#include \"a/one.h\""}}) ==
        std::vector<std::string>{"src/a/one src/a/three src/a/two"});
}

}  // namespace
}  // namespace troika::layout
