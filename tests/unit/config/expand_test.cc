#include "config/expand.h"

#include <catch2/catch_test_macros.hpp>

#include "unit/os/temp_folder.h"

using namespace troika;

namespace {

std::optional<std::string> variable(const std::string& name) {
  if (name == "HOST") return "example.org";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

std::string put(std::string_view text, const std::string& folder = "/") {
  const auto expanded = expand(text, variable, folder);
  return expanded ? expanded->text : "error: " + expanded.error();
}

}  // namespace

TEST_CASE("Variables are put in, and their names are kept") {
  CHECK(put("a ${HOST} b ${HOST}") == "a example.org b example.org");
  CHECK(put("${NONE:-x}${EMPTY:-y}${HOST:-z}") == "xyexample.org");
  CHECK(put("${NONE:-}") == "");
  CHECK(put("${NONE:-a:-b}") == "a:-b");
  CHECK(put("$$ $${HOST} $$$$") == "$ ${HOST} $$");
  CHECK(expand("${HOST}${NONE:-x}", variable, "/")->variables == std::vector<std::string>{"HOST"});
  // What is put in is not looked at again.
  CHECK(*expand("${A}", [](const std::string&) { return "${HOST}"; }, "/")->text.data() == '$');
}

TEST_CASE("What cannot be put in is one sentence") {
  CHECK(put("${NONE}") ==
        "error: the environment variable NONE is not set: give it a value, or write "
        "${NONE:-DEFAULT}");
  CHECK(put("${EMPTY}") ==
        "error: the environment variable EMPTY is empty: give it a value, or write "
        "${EMPTY:-DEFAULT}");
  const std::string alone =
      "error: a dollar sign stands alone: write ${NAME} for a variable, or $$ for a dollar sign";
  for (const char* text : {"$", "a$", "$HOST", "5$ "}) CHECK(put(text) == alone);
  CHECK(put("x${HOST") ==
        "error: \"${HOST\" has no closing brace: write ${NAME}, or $$ for a dollar sign");
  for (const char* name : {"", "1A", "A B", "A-B", "a.b", ":-x"}) {
    CAPTURE(name);
    CHECK(put("${" + std::string(name) + "}").contains("names no variable"));
  }
}

TEST_CASE("A file is put in without the line break at its end, and is a secret") {
  const TempFolder folder;
  folder.write("pass", "hush\n");
  folder.write("dos", "hush\r\n");
  folder.write("two", "a\n\n");
  folder.write("none", "");
  folder.write("line", "\n");
  const auto expanded = expand("x${file:pass}y", variable, folder.path());
  REQUIRE(expanded);
  CHECK(expanded->text == "xhushy");
  REQUIRE(expanded->secrets.size() == 1);
  CHECK(expanded->secrets.front().text == "hush");
  CHECK(expanded->secrets.front().path == folder / "pass");
  CHECK(put("${file:" + folder / "dos" + "}") == "hush");
  CHECK(put("${file:two}", folder.path()) == "a\n");
  CHECK(put("${file:gone}", folder.path()) ==
        "error: cannot read the file " + folder / "gone" + ": No such file or directory");
  for (const char* empty : {"none", "line"}) {
    CHECK(put("${file:" + std::string(empty) + "}", folder.path()) ==
          "error: the file " + folder / empty + " is empty: write to it");
  }
  CHECK(put("${file:.}", folder.path()).starts_with("error: cannot read the file "));
}

TEST_CASE("A file has as many bytes as the limit, and not one more") {
  const TempFolder folder;
  folder.write("most", std::string(kMostFileValue, 'x'));
  folder.write("more", std::string(kMostFileValue + 1, 'x'));
  CHECK(put("${file:most}", folder.path()).size() == kMostFileValue);
  CHECK(put("${file:more}", folder.path()) ==
        "error: the file " + folder / "more" + " is longer than 64 KiB: use a shorter one");
}
