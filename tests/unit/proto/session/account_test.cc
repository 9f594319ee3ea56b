// What a connection holds is charged to its account while it is there.
#include <catch2/catch_template_test_macros.hpp>

#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

Account& of_server(H2Pair& pair) { return pair.host.held; }
Account& of_client(H2Pair& pair) { return pair.client_host.held; }
Account& of_server(H3Pair& pair) { return pair.server->held; }
Account& of_client(H3Pair& pair) { return pair.client->held; }
void end(H2Pair& pair) {
  pair.wire.reset();
  pair.client.reset();
  pair.server.reset();
}
void end(H3Pair& pair) {
  pair.client_app.reset();
  pair.server_app.reset();
}

}  // namespace

TEMPLATE_TEST_CASE("What the library of a protocol holds is charged until its session has gone", "",
                   H2Pair, H3Pair) {
  TestType pair;
  REQUIRE(pair.fetch("/").whole());
  const std::size_t idle = of_server(pair).held(), idle_client = of_client(pair).held();
  CHECK(idle > 1000);
  CHECK(idle_client > 1000);
  int jobs = 0;
  pair.handler.answer = hold(jobs);
  for (int i = 0; i < 10; ++i) pair.start("/held");
  pair.run();
  CHECK(of_server(pair).held() > idle + 1000);
  CHECK(of_client(pair).held() > idle_client + 1000);
  pair.calls.clear();
  end(pair);
  CHECK(of_server(pair).held() == 0);
  CHECK(of_client(pair).held() == 0);
}
