// Requests as clients send them, beside what the RFCs ask for: taken alike over every protocol.
#include <catch2/catch_test_macros.hpp>

#include "behaviour/handshake_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

Request request_for(const std::string& target) {
  return client::make_request("GET", "a.test", target);
}

}  // namespace

TEST_CASE("A hundred fields and a field for each of three hundred cookies are served") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(false);
    Request request = request_for("/");
    for (int i = 0; i < 90; ++i) request.headers.add("x", "y");
    std::string all;
    for (int i = 0; i < 300; ++i) {
      const std::string cookie = "c" + std::to_string(i) + "=v";
      request.headers.add("cookie", cookie);
      all += (i == 0 ? "" : "; ") + cookie;
    }
    CHECK(stage.fetch(request).status() == 200);
    REQUIRE(stage.bench.handler.requests.size() == 1);
    const HeaderMap& seen = stage.bench.handler.requests[0].headers;
    CHECK(seen.count("cookie") == 1);
    CHECK(seen.get("cookie") == all);
    // HTTP/1.1 sends one field for all of them.
    for (int i = 0; i < 600; ++i) request.headers.add("cookie", "more=" + std::string(60, '1'));
    CHECK(stage.fetch(request).status() == 431);
  });
}

// Our HTTP/1.1 client does not send such targets: tests/unit/proto/h1 has that.
TEST_CASE("UTF-8 in path and query is taken as if it were percent-encoded") {
  over_each(std::span(kProtocols).subspan(1), [](HandshakeStage& stage) {
    stage.open(false);
    CHECK(stage.fetch(request_for("/\xc3\xa9?q=\xf0\x9f\x90\x8e")).status() == 200);
    REQUIRE(stage.bench.handler.requests.size() == 1);
    const Target& target = stage.bench.handler.requests[0].target;
    CHECK(target.raw == "/%C3%A9?q=%F0%9F%90%8E");
    CHECK(target.path == "/\xc3\xa9");
    CHECK(stage.fetch(request_for("/\xe9")).status() == 400);
    CHECK(stage.fetch(request_for("/?\xe9")).status() == 400);
  });
}
