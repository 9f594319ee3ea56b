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
    for (int i = 0; i < 200; ++i) request.headers.add("cookie", "more=" + std::string(200, '1'));
    CHECK(stage.fetch(request).status() == 431);
  });
}
