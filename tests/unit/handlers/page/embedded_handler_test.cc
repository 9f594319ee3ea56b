#include "handlers/page/embedded_handler.h"

#include <catch2/catch_test_macros.hpp>

#include "unit/handlers/files/handler_bench.h"

using namespace troika;
using namespace troika::test;

namespace {

EmbeddedFile file(std::string_view path, std::string_view text) {
  return {path, {reinterpret_cast<const unsigned char*>(text.data()), text.size()}};
}

const std::array kFiles{
    file("app/index.html", "not filled: {{protocol}}"),
    file("index.html", "{{ {{protocol}} and {{build}}, {{other}} {{protocol}}{{"),
    file("style.css", "body { color: {{protocol}} }"),
    file("protocol.css", ".{{horse}} { content: {{protocol}} }"),
};

struct Stage {
  explicit Stage(std::string_view build = "0.1.0") : handler(kFiles, build) {}
  ~Stage() { CHECK(bench.pool.outstanding() == 0); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  HandlerCall get(std::string_view raw) { return {bench, handler, "GET", raw}; }

  Bench bench;
  EmbeddedHandler handler;
};

}  // namespace

TEST_CASE("the page and one style sheet tell by which protocol they were asked for") {
  Stage stage("1.2 <&>\"'");
  const struct {
    HttpVersion version;
    std::string name, horse;
  } rows[] = {{HttpVersion::http10, "HTTP/1.0", "h1"},
              {HttpVersion::http11, "HTTP/1.1", "h1"},
              {HttpVersion::http2, "HTTP/2", "h2"},
              {HttpVersion::http3, "HTTP/3", "h3"}};
  for (const auto& row : rows) {
    const std::string page =
        "{{ " + row.name + " and 1.2 &lt;&amp;&gt;&quot;&#39;, {{other}} " + row.name + "{{";
    const std::string sheet = "." + row.horse + " { content: " + row.name + " }";
    for (const std::string_view raw : {"/", "/index.html", "//", "/?a", "/protocol.css"}) {
      Request request = request_for("GET", raw);
      request.version = row.version;
      HandlerCall call(stage.bench, stage.handler, std::move(request));
      const bool is_sheet = raw.ends_with("css");
      CHECK(call.job == nullptr);
      CHECK(call.status() == 200);
      CHECK(call.field("content-type") ==
            (is_sheet ? "text/css; charset=utf-8" : "text/html; charset=utf-8"));
      CHECK(call.field("cache-control") == "no-cache");
      CHECK(call.field("x-content-type-options") == "nosniff");
      CHECK(call.body() == (is_sheet ? sheet : page));
    }
  }
}

TEST_CASE("other files are given as they are, without a copy") {
  Stage stage;
  HandlerCall call = stage.get("/style.css");
  CHECK(call.status() == 200);
  CHECK(call.field("content-type") == "text/css; charset=utf-8");
  CHECK(call.responder.body->remaining() == kFiles[2].bytes.size());
  CHECK(stage.bench.pool.outstanding() == 0);
  CHECK(call.body() == "body { color: {{protocol}} }");
  CHECK(stage.get("/app/index.html").body() == "not filled: {{protocol}}");
}

TEST_CASE("HEAD of the page knows the length of what GET would give") {
  Stage stage;
  HandlerCall get = stage.get("/");
  HandlerCall head(stage.bench, stage.handler, "HEAD", "/");
  CHECK(head.status() == 200);
  CHECK(head.responder.body->remaining() == get.body().size());
}

TEST_CASE("the page's handler refuses like that of files") {
  Stage stage;
  for (const std::string_view raw : {"/absent", "/style.css/", "/app/", "/app", "/STYLE.CSS"}) {
    CAPTURE(raw);
    CHECK(stage.get(raw).status() == 404);
  }
  HandlerCall post(stage.bench, stage.handler, "POST", "/");
  CHECK(post.status() == 405);
  CHECK(post.field("allow") == "GET, HEAD, OPTIONS");
  CHECK(HandlerCall(stage.bench, stage.handler, "OPTIONS", "*").status() == 204);
  CHECK(HandlerCall(stage.bench, stage.handler, "BREW", "/").status() == 501);
  CHECK(stage.get("/app%2findex.html").status() == 400);
}
