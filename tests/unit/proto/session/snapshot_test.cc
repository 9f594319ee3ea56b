// Another snapshot while connections are open: they are neither closed nor told.
#include <catch2/catch_template_test_macros.hpp>

#include "support/responses.h"
#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

TEMPLATE_TEST_CASE(
    "a request that runs keeps its handler while the next on its connection has the new one", "",
    H1Pair, H2Pair, H3Pair) {
  BodyProbe probe;
  int alive = 0;
  TestType pair;
  ScriptedHandler next;
  pair.services.snapshot =
      Ref<Snapshot>(new CountedSnapshot(pair.handler, pair.exchange_timeouts, alive));
  next.answer = with_head({}, "new");
  pair.handler.answer = with_steps(
      {BodyStep::data("old, "), BodyStep::blocked(), BodyStep::data("to its end")}, &probe);
  const PairCall& running = pair.fetch("/");
  CHECK(running.body == "old, ");
  pair.services.snapshot = make_ref<Snapshot>(next, ExchangeTimeouts{});
  CHECK(alive == 1);
  // h1: behind the one that runs.
  constexpr bool kOneByOne = std::is_same_v<TestType, H1Pair>;
  if constexpr (kOneByOne) {
    probe.release();
    pair.run();
  }
  const PairCall& later = pair.fetch("/");
  CHECK(later.whole());
  CHECK(later.body == "new");
  CHECK(alive == (kOneByOne ? 0 : 1));
  if constexpr (!kOneByOne) {
    CHECK(running.body == "old, ");
    probe.release();
    pair.run();
  }
  CHECK(running.whole());
  CHECK(running.body == "old, to its end");
  CHECK(alive == 0);
  CHECK(pair.handler.started == 1);
  CHECK(next.started == 1);
}

// What ENABLE_CONNECT_PROTOCOL said stays true for the connection; the requests find out.
TEMPLATE_TEST_CASE("a handler without tunnels takes over a connection that was told of them", "",
                   H2Pair, H3Pair) {
  int jobs = 0;
  TestType pair;
  pair.handler.tunnels = true;
  pair.handler.answer = echo_tunnel(jobs);
  CHECK(pair.fetch("/").whole());
  ScriptedHandler next;
  pair.services.snapshot = make_ref<Snapshot>(next, ExchangeTimeouts{});
  Request request = make_request("/", Method::connect);
  request.protocol = "websocket";
  CHECK(pair.fetch(request).receiver.status() == 501);
  CHECK(pair.fetch("/").body == "hello");
  CHECK(next.started == 1);
}
