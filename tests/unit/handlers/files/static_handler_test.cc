#include <catch2/catch_test_macros.hpp>

#include "site_stage.h"

using namespace troika;
using namespace troika::test;

// Most of what a file is answered with is said in tools/parity/tables.

TEST_CASE("HEAD, and GET of a file of size 0, read nothing") {
  SiteStage stage;
  CHECK(stage.ask("HEAD", "/a.txt").responder.body->remaining() == 5U);
  HandlerCall empty = stage.get("/empty");
  CHECK(empty.job == nullptr);
  CHECK(empty.responder.body->remaining() == 0U);
  CHECK(empty.body().empty());
  CHECK(stage.files.reads.empty());
}

TEST_CASE("Last-Modified is never later than now") {
  SiteStage stage;
  const auto now = std::chrono::system_clock::to_time_t(stage.bench.clock.wall());
  stage.files.entries["a.txt"].modified = now;
  CHECK(stage.get("/a.txt").field("last-modified") == format_http_date(now));
  stage.files.entries["a.txt"].modified = now + 1;
  CHECK(stage.get("/a.txt").field("last-modified") == format_http_date(now));
}

TEST_CASE("of a folder nothing is looked for but its index.html and what that has beside it") {
  SiteStage stage;
  CHECK(stage.get("/").body() == "<p>root");
  CHECK(stage.get("/dir/").body() == "<p>dir");
  CHECK(stage.status("/bare/") == 404);
  CHECK(stage.files.opened ==
        std::vector<std::string>{"index.html", "index.html.br", "index.html.zst", "index.html.gz",
                                 "dir/index.html", "dir/index.html.br", "dir/index.html.zst",
                                 "dir/index.html.gz", "bare/index.html"});
}

TEST_CASE("a folder without its slash is redirected within this host") {
  struct Row {
    std::string_view raw, folder, location;
  };
  for (const Row row :
       {Row{"/dir", "dir", "/dir/"}, Row{"/dir?a=b&c=%20", "dir", "/dir/?a=b&c=%20"},
        Row{"//dir", "dir", "/dir/"}, Row{"//evil.example", "evil.example", "/evil.example/"},
        Row{"///evil.example", "evil.example", "/evil.example/"}, Row{"/./dir", "dir", "/dir/"},
        Row{"/x/..//evil.example", "evil.example", "/evil.example/"},
        Row{"/https:evil", "https:evil", "/https:evil/"},
        Row{"/%0d%0aX:y", "\r\nX:y", "/%0D%0AX:y/"}, Row{"/dir?//evil", "dir", "/dir/?//evil"}}) {
    CAPTURE(row.raw);
    SiteStage stage;
    stage.files.entries[std::string(row.folder)].mode = S_IFDIR | 0755U;
    HandlerCall call = stage.get(row.raw);
    CHECK(call.status() == 308);
    CHECK(call.field("location") == row.location);
    CHECK(stage.files.opened == std::vector<std::string>{std::string(row.folder)});
  }
}

TEST_CASE("hidden files are not found and not even looked for") {
  SiteStage stage;
  stage.files.entries[".well-known/acme"].content = "token";
  for (const std::string_view raw : {"/.git/config", "/.%67it/", "/.hidden/", "/a.txt~"}) {
    CAPTURE(raw);
    CHECK(stage.status(raw) == 404);
  }
  CHECK(stage.files.opened.empty());
  CHECK(stage.get("/.well-known/acme").body() == "token");
}

TEST_CASE("methods that do more than read are 405, and no method but GET looks for a file") {
  SiteStage stage;
  for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"}) {
    CAPTURE(method);
    HandlerCall call = stage.ask(method, "/a.txt");
    CHECK(call.job == nullptr);
    CHECK(call.status() == 405);
  }
  for (const std::string_view raw : {"*", "/", "/absent"}) {
    CHECK(stage.ask("OPTIONS", raw).status() == 204);
  }
  CHECK(stage.files.opened.empty());
}

TEST_CASE("an unknown method is 501, an encoded slash 400: no file is looked for, no field added") {
  SiteStage stage;
  stage.files.entries["a%2Fb"].content = "another file";
  struct Row {
    std::string_view method, raw;
    std::uint16_t status;
  };
  for (const auto& [method, raw, status] :
       {Row{"BREW", "/a.txt", 501}, Row{"get", "/a%2fb", 501}, Row{"GET", "/a%2fb", 400},
        Row{"HEAD", "/a%2Fb", 400}, Row{"OPTIONS", "/a%2fb", 400}, Row{"POST", "/..%2f", 400}}) {
    CAPTURE(method, raw);
    HandlerCall call = stage.ask(method, raw);
    CHECK(call.job == nullptr);
    CHECK(call.status() == status);
    CHECK(call.field("cache-control") == "");
  }
  CHECK(stage.files.opened.empty());
  CHECK(stage.get("/a%252Fb").body() == "another file");
}

TEST_CASE("every error of opening has its status") {
  struct Row {
    ErrorCode error;
    std::uint16_t status;
    std::string_view retry_after;
  };
  for (const Row row : {Row{ErrorCode::not_found, 404, ""}, Row{ErrorCode::denied, 404, ""},
                        Row{ErrorCode::unavailable, 503, "1"}, Row{ErrorCode::io, 500, ""},
                        Row{ErrorCode::internal, 500, ""}}) {
    CAPTURE(name_of(row.error));
    for (const bool later : {false, true}) {
      SiteStage stage;
      std::vector<std::string> said;
      stage.notice = [&](const std::string& sentence) { said.push_back(sentence); };
      stage.files.later = later;
      stage.files.entries["a.txt"].open_error = row.error;
      HandlerCall call = stage.get("/a.txt");
      if (later) stage.files.complete();
      CHECK(call.status() == row.status);
      CHECK(call.field("retry-after") == row.retry_after);
      CHECK(call.field("content-type") == "text/plain; charset=utf-8");
      CHECK(said.size() == (row.status == 503 ? 1 : 0));
      if (!said.empty()) CHECK(said[0].contains(" got 503: "));
    }
  }
}

TEST_CASE("an open may take its time, and the body lives on when the job is gone") {
  SiteStage stage;
  stage.files.later = true;
  HandlerCall call = stage.get("/a.txt");
  REQUIRE(call.job != nullptr);
  CHECK(call.responder.heads.empty());
  while (stage.files.waiting() > 0) stage.files.complete();
  CHECK(call.status() == 200);
  call.job.reset();
  CHECK(call.body() == "hello");
}
