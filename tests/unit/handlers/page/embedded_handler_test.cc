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

  Call get(std::string_view raw) { return {bench, handler, "GET", raw}; }

  Bench bench;
  EmbeddedHandler handler;
};

}  // namespace

TEST_CASE("the page tells by which protocol it was asked for, and the build") {
  Stage stage("1.2 <&>\"'");
  struct Row {
    HttpVersion version;
    std::string_view name;
  };
  for (const Row row : {Row{HttpVersion::http10, "HTTP/1.0"}, Row{HttpVersion::http11, "HTTP/1.1"},
                        Row{HttpVersion::http2, "HTTP/2"}, Row{HttpVersion::http3, "HTTP/3"}}) {
    for (const std::string_view raw : {"/", "/index.html", "//", "/?a"}) {
      Request request = request_for("GET", raw);
      request.version = row.version;
      Call call(stage.bench, stage.handler, std::move(request));
      CHECK(call.job == nullptr);
      CHECK(call.status() == 200);
      CHECK(call.field("content-type") == "text/html; charset=utf-8");
      CHECK(call.field("cache-control") == "no-cache");
      CHECK(call.field("x-content-type-options") == "nosniff");
      const std::string name(row.name);
      CHECK(call.body() ==
            "{{ " + name + " and 1.2 &lt;&amp;&gt;&quot;&#39;, {{other}} " + name + "{{");
    }
  }
}

TEST_CASE("one style sheet names the protocol, so that the page can be the same over all") {
  Stage stage;
  for (const auto& [version, text] : {std::pair(HttpVersion::http10, ".h1 { content: HTTP/1.0 }"),
                                      std::pair(HttpVersion::http11, ".h1 { content: HTTP/1.1 }"),
                                      std::pair(HttpVersion::http2, ".h2 { content: HTTP/2 }"),
                                      std::pair(HttpVersion::http3, ".h3 { content: HTTP/3 }")}) {
    Request request = request_for("GET", "/protocol.css");
    request.version = version;
    Call call(stage.bench, stage.handler, std::move(request));
    CHECK(call.field("content-type") == "text/css; charset=utf-8");
    CHECK(call.field("cache-control") == "no-cache");
    CHECK(call.body() == text);
  }
}

TEST_CASE("other files are given as they are, without a copy") {
  Stage stage;
  Call call = stage.get("/style.css");
  CHECK(call.status() == 200);
  CHECK(call.field("content-type") == "text/css; charset=utf-8");
  CHECK(call.responder.body->remaining() == kFiles[2].bytes.size());
  CHECK(stage.bench.pool.outstanding() == 0);
  CHECK(call.body() == "body { color: {{protocol}} }");
  CHECK(stage.get("/app/index.html").body() == "not filled: {{protocol}}");
}

TEST_CASE("HEAD of the page knows the length of what GET would give") {
  Stage stage;
  Call get = stage.get("/");
  Call head(stage.bench, stage.handler, "HEAD", "/");
  CHECK(head.status() == 200);
  CHECK(head.responder.body->remaining() == get.body().size());
}

TEST_CASE("the page's handler refuses like that of files") {
  Stage stage;
  for (const std::string_view raw : {"/absent", "/style.css/", "/app/", "/app", "/STYLE.CSS"}) {
    CAPTURE(raw);
    CHECK(stage.get(raw).status() == 404);
  }
  Call post(stage.bench, stage.handler, "POST", "/");
  CHECK(post.status() == 405);
  CHECK(post.field("allow") == "GET, HEAD, OPTIONS");
  CHECK(Call(stage.bench, stage.handler, "OPTIONS", "*").status() == 204);
}
