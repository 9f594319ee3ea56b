// The folder that is served goes, comes back, and becomes another one.
#include <catch2/catch_test_macros.hpp>

#include "site_stage.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("while the folder is missing all is 404, its index and error pages, too") {
  SiteStage stage;
  stage.files.entries["404.html"].content = "<p>own page";
  stage.options.error_pages = {{404, "404.html"}};
  stage.options.spa = true;
  CHECK(stage.get("/").body() == "<p>root");
  CHECK(stage.get("/missing.js").body() == "<p>own page");
  for (const ErrorCode why : {ErrorCode::not_found, ErrorCode::denied}) {
    stage.pass(stage.limits.fresh);
    stage.files.root_error = why;
    for (const char* const target : {"/", "/a.txt", "/missing.js", "/dir", "/dir/", "/page"}) {
      CAPTURE(target);
      HandlerCall call = stage.get(target);
      CHECK(call.status() == 404);
      CHECK_FALSE(call.body().contains("<p>"));
    }
    CHECK(stage.status("/a.txt", "POST") == 405);
    CHECK(stage.status("/a.txt", "OPTIONS") == 204);
    stage.files.root_error.reset();
    CHECK(stage.get("/").body() == "<p>root");
    CHECK(stage.get("/missing.js").body() == "<p>own page");
  }
}

TEST_CASE("a folder that cannot be looked for is no 404") {
  SiteStage stage;
  int said = 0;
  stage.notice = [&](const std::string&) { ++said; };
  stage.files.root_error = ErrorCode::unavailable;
  HandlerCall busy = stage.get("/a.txt");
  CHECK(busy.status() == 503);
  CHECK(said == 1);
  CHECK(busy.field("retry-after") == "1");
  stage.files.root_error = ErrorCode::io;
  CHECK(stage.status("/a.txt") == 500);
}

TEST_CASE("the look for the folder may take its time, and be cancelled") {
  SiteStage stage;
  stage.files.root_later = true;
  HandlerCall call = stage.get("/a.txt");
  CHECK(call.job != nullptr);
  CHECK(call.responder.heads.empty());
  {
    const HandlerCall gone = stage.get("/a.txt");
    CHECK(stage.files.waiting() == 2);
  }
  CHECK(stage.files.waiting() == 1);
  stage.files.complete();
  CHECK(call.status() == 200);
  CHECK(call.body() == "hello");
}

TEST_CASE("all files of a response are of one root") {
  SiteStage stage;
  stage.files.entries["a.js"].content = std::string(100, 'x');
  stage.files.later = true;
  HandlerCall call = stage.get("/a.js", accepting("br"));
  stage.files.complete();  // a.js is open; precompressed files are looked for
  CHECK(stage.files.opened.back() == "a.js.br");
  stage.files.later = false;
  stage.files.root.inode = 2;
  stage.files.entries["a.js.br"].content = "of another release";
  stage.pass(stage.limits.fresh);
  CHECK(stage.get("/a.js", accepting("br")).body() == "of another release");
  while (stage.files.waiting() > 0) stage.files.complete();
  CHECK(call.status() == 200);
  CHECK(call.field("content-encoding") == "");
  CHECK(call.body() == std::string(100, 'x'));
  CHECK(stage.get("/a.js", accepting("br")).body() == "of another release");
}

TEST_CASE("a slow reader holds its file and no root") {
  SiteStage stage;
  HandlerCall call = stage.get("/a.txt");
  stage.pass(stage.limits.quiet);
  CHECK(stage.files.open_roots == 0);
  CHECK(stage.files.open_files == 1);
  CHECK(call.body() == "hello");
  call.responder.body.reset();
  stage.pass(stage.limits.quiet);
  CHECK(stage.files.open_files == 0);
}
