// Exchanges that end early: by a body, a handler, the client, a deadline or the connection.
#include <catch2/catch_test_macros.hpp>

#include "pair.h"

namespace troika::h2 {
namespace {

using namespace std::chrono_literals;
using test::BodyProbe;
using test::BodyStep;
using test::scripted;

constexpr std::uint64_t kNoError = 0, kCancel = 8;

TEST_CASE("an unwanted body is read up to the limit, one byte more is stopped at once") {
  for (const std::size_t over : {0U, 1U}) {
    BodyProbe up;
    Pair pair;
    pair.limits.discarded_body = 100'000;
    const PairCall& call = pair.fetch(
        "/", scripted(pair.pool,
                      {BodyStep::blocked(), BodyStep::data(test::pattern(100'000 + over)),
                       BodyStep::blocked()},
                      &up));
    CHECK(call.whole());
    up.release();
    pair.run();
    CHECK_FALSE(call.receiver.failed);
    CHECK(call.stream->finished() == (over == 1));
    if (over == 0) up.release();
    pair.run();
    CHECK(call.stream->finished());
    CHECK(up.ended == (over == 0));
    if (over == 1) CHECK(up.stopped == AbortReason::body_stopped);
    CHECK(call.receiver.wire_code == kNoError);  // RFC 9113 §8.1: no failure
    CHECK_FALSE(call.receiver.failed);
    CHECK(call.body == "hello");
    CHECK(pair.fetch("/next").whole());
  }
}

TEST_CASE("a lost connection ends every exchange, and every summary comes once") {
  int jobs = 0;
  Pair pair;
  pair.handler.answer = test::hold(jobs);
  for (int i = 0; i < 5; ++i) pair.start("/");
  pair.run();
  CHECK(jobs == 5);
  SECTION("the transport is gone") { pair.server->abort(AbortReason::peer_gone); }
  SECTION("the client ended its side") { pair.server->receive_end(pair.clock.now()); }
  CHECK(jobs == 0);
  CHECK(pair.server->interest().finished);
  CHECK(pair.observer.entries.size() == 5);
  CHECK(pair.observer.entries.at(4).aborted == AbortReason::peer_gone);
  pair.client->receive_end(pair.clock.now());
  for (const PairCall& call : pair.calls) CHECK(call.receiver.failed == AbortReason::peer_gone);
  CHECK(test::refusal(*pair.client) == ErrorCode::closed);
}

TEST_CASE("a reader that stops loses its stream after the write-progress time, and only then") {
  BodyProbe down;
  Pair pair;
  pair.handler.answer = test::with_steps({BodyStep::data(test::pattern(3U << 20U))}, &down);
  PairCall& call = pair.start("/");
  pair.wire->run();  // the client's window is full, without a reader
  CHECK(down.alive == 1);
  pair.server->on_progress(pair.clock.now());  // of other streams
  pair.advance(pair.exchange_timeouts.write_progress - 1ns);
  pair.wire->run();
  CHECK(down.alive == 1);
  call.read();  // opens the window: that is progress
  pair.wire->run();
  pair.advance(pair.exchange_timeouts.write_progress - 1ns);
  pair.wire->run();
  CHECK(down.alive == 1);
  pair.server->on_progress(pair.clock.now());
  pair.advance(1ns);
  CHECK(down.alive == 0);
  pair.run();
  CHECK(call.receiver.failed == AbortReason::peer_reset);
  CHECK(call.receiver.wire_code == kCancel);
  CHECK(pair.observer.entries.at(0).aborted == AbortReason::timeout);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("of two downloads on a slow link the second waits for the first for minutes") {
  Pair pair;
  pair.handler.answer = test::with_pattern(1U << 20U);
  const PairCall& first = pair.start("/1");
  const PairCall& second = pair.start("/2");
  pair.wire->high = 16U << 10U;
  for (int turns = 0; turns < 1000 && !(first.whole() && second.whole()); ++turns) {
    pair.step();
    pair.server->on_progress(pair.clock.now());
    pair.advance(1s);
  }
  CHECK(first.body == test::pattern(1U << 20U));
  CHECK(second.body == test::pattern(1U << 20U));
}

TEST_CASE("window updates alone are no progress: what counts is bytes that left the queue") {
  BodyProbe down;
  Pair pair;
  pair.handler.answer = test::with_steps({BodyStep::data(test::pattern(900'000))}, &down);
  PairCall& call = pair.start("/");
  pair.wire->client_reads = false;  // the bytes stay in the server's output queue
  pair.wire->run();
  CHECK(pair.wire->from_server().size() >= pair.wire->high);
  pair.advance(pair.exchange_timeouts.write_progress);
  CHECK(down.alive == 0);
  // The connection as a whole is given up a while later.
  pair.wire->run();
  pair.advance(pair.timeouts.idle_tcp);
  pair.wire->run();
  CHECK(pair.server->interest().finished);
  CHECK_FALSE(call.whole());
}

TEST_CASE("a summary says what left, even when the stream has ended in the engine before") {
  Pair pair;
  PairCall& call = pair.start("/");
  pair.wire->client_reads = false;
  pair.wire->run();
  CHECK(pair.wire->from_server().size() > 0);
  CHECK(pair.observer.entries.empty());
  pair.wire->client_reads = true;
  pair.run();
  CHECK(call.whole());
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].body_bytes == 5);
}

}  // namespace
}  // namespace troika::h2
