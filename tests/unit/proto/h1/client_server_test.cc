// Our client against our server: what is so of HTTP/1.1 alone.
#include "pair.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("client and server: a client that does not read holds the server back") {
  H1Pair pair;
  pair.handler.answer = with_pattern(10'000'000);
  PairCall& call = pair.start("/");
  call.reads = false;
  pair.run();
  CHECK(pair.wire->to_client < pair.limits.call_window + 20'000);
  CHECK(pair.pool.outstanding() < 1U << 20U);
  call.reads = true;
  pair.run();
  CHECK(call.body.size() == 10'000'000);
}

TEST_CASE("client and server: nothing is left of an abort on either side") {
  for (const bool client_goes : {true, false}) {
    int jobs = 0;
    H1Pair pair;
    pair.handler.answer = echo(jobs);
    PairCall& call = pair.start("/", std::make_unique<PatternBody>(pair.pool, 10'000'000, false));
    call.reads = false;
    pair.run();
    CHECK(jobs == 1);
    if (client_goes) {
      call.stream.reset();
      pair.run();
      CHECK(pair.client_finished());
    } else {
      pair.client->abort(AbortReason::peer_gone);
      CHECK(call.receiver.failed == AbortReason::peer_gone);
    }
    pair.server->abort(AbortReason::peer_gone);
    CHECK(jobs == 0);
    CHECK(pair.observer.entries.size() == 1);
  }
}
