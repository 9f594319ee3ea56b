#include "handlers/glob.h"

#include <catch2/catch_test_macros.hpp>

#include "support/words.h"

using namespace troika;

TEST_CASE("a glob without a slash is of the last segment, and ** stands for any folders") {
  const struct {
    const char *glob, *matching, *others;  // apart by a space
  } rows[] = {
      {"*.css", "main.css a/b/main.css", "main.css/a"},
      {"*.CSS", "", "main.css"},
      {"a?.[jc]s", "x/ab.js", "x/ab.ts"},
      {"*", ".hidden", ""},
      {"a\\*", "a*", "ab"},
      {"assets/*", "assets/a.js assets/js/a.js", "old/assets/a.js"},
      {"*/assets/*.js", "old/assets/js/a.js", ""},
      {"/assets/*", "assets/a.js", ""},
      {"/index.html", "index.html", "a/index.html"},
      {"**/x.js", "x.js a/x.js a/b/x.js", "ax.js x.js/y"},
      {"/**/x.js", "x.js a/x.js a/b/x.js", "ax.js x.js/y"},
      {"**/**/x.js", "x.js a/x.js a/b/x.js", "ax.js x.js/y"},
      {"a/**/x.js", "a/x.js a/b/c/x.js", "b/a/x.js ax.js"},
      {"**/a/**/x.js", "a/x.js b/a/c/x.js", ""},
      {"a/**", "a/b/c", ""},
      {"a**/x.js", "", "x.js ax.js"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.glob);
    for (const auto& path : test::words_of(row.matching)) CHECK(matches_glob(row.glob, path));
    for (const auto& path : test::words_of(row.others)) CHECK_FALSE(matches_glob(row.glob, path));
  }
  CHECK(matches_glob("*", ""));
}

TEST_CASE("A segment ** stands for no folder up to so many times") {
  CHECK(Glob::any_folders_in("**/a**/b/**/**") == 2);
  CHECK(matches_glob("**/**/**/**/x", "x"));
  CHECK_FALSE(matches_glob("**/**/**/**/**/x", "x"));
  CHECK(matches_glob("**/**/**/**/**/x", "a/x"));
}

TEST_CASE("What a glob begins with, and whether it takes all that does") {
  CHECK(Glob("/a/b").is_one_path());
  CHECK(Glob("/a/b").beginning() == "a/b");
  CHECK_FALSE(Glob("/a/b*").is_one_path());
  CHECK(Glob("/a/b*").is_open());
  CHECK(Glob("/a/**").beginning() == "a/");
  CHECK(Glob("/**").is_open());
  CHECK_FALSE(Glob("/a/*.js").is_open());
  CHECK_FALSE(Glob("/a?").is_open());
  CHECK(Glob("/a\\*").beginning() == "a");
  CHECK(Glob("*.js").beginning().empty());
  CHECK_FALSE(Glob("*").is_open());
}
