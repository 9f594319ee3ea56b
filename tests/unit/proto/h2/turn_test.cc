// Streams that wait for their turn are not streams whose reader is stuck.
#include <catch2/catch_test_macros.hpp>

#include "unit/proto/h2/pair.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

TEST_CASE("h2: of two downloads on a slow link the second waits for the first for minutes") {
  h2::Pair pair([](Bench& bench) { bench.handler.answer = with_pattern(1U << 20U); });
  pair.wire->high = 16U << 10U;
  h2::Call& first = pair.start(h2::make_request("/1"));
  h2::Call& second = pair.start(h2::make_request("/2"));
  for (int turns = 0; turns < 1000 && !(first.whole() && second.whole()); ++turns) {
    pair.wire->turn();
    for (h2::Call& call : pair.calls) call.read();
    pair.server->on_progress(pair.clock.now());
    pair.advance(1s);
  }
  CHECK(first.body == pattern(1U << 20U));
  CHECK(second.body == pattern(1U << 20U));
}

TEST_CASE("h2: a stream whose own window is shut has its deadline, whatever else moves") {
  h2::Pair pair([](Bench& bench) { bench.handler.answer = with_pattern(4U << 20U); });
  h2::Call& stuck = pair.start(h2::make_request("/1"));
  pair.wire->run();  // it is not read: its window of 1 MiB fills up
  REQUIRE(stuck.receiver.head);
  for (int seconds = 0; seconds < 70 && !stuck.receiver.failed; ++seconds) {
    pair.server->on_progress(pair.clock.now());
    pair.advance(1s);
    pair.wire->run();
  }
  CHECK(stuck.receiver.failed == AbortReason::peer_reset);
}
