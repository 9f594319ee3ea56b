// Exchanges that end early, whoever ends them, and sessions that drain.
#include <catch2/catch_template_test_macros.hpp>

#include "base/text.h"
#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

struct Row {
  std::vector<BodyStep> steps;
  std::optional<std::uint64_t> declared;
};
// Of a body that fails, and of ones that are longer or shorter than they declared.
std::vector<Row> broken_bodies() {
  return {{{BodyStep::data(pattern(60'000)), BodyStep::error()}, std::nullopt},
          {{BodyStep::data("abc"), BodyStep::data("de")}, 4},
          {{BodyStep::data("abcde")}, 6}};
}

}  // namespace

TEMPLATE_TEST_CASE("R17: a response body that breaks its word is reset, never padded", "", H2Pair,
                   H3Pair) {
  for (const Row& row : broken_bodies()) {
    BodyProbe probe;
    TestType pair;
    pair.handler.answer = with_steps(row.steps, &probe, row.declared);
    const PairCall& call = pair.fetch("/");
    CHECK(call.receiver.failed == AbortReason::peer_reset);
    CHECK(call.receiver.wire_code == TestType::kInternalError);
    CHECK(call.state == ReadState::error);
    CHECK(probe.alive == 0);
    CHECK(pair.observer.entries.at(0).aborted == AbortReason::handler_failed);
    pair.handler.answer = nullptr;
    CHECK(pair.fetch("/again").whole());
    CHECK(pair.pool.outstanding() == 0);
  }
}

// The client of h2 counts no bytes: there the server finds out, see unit/proto/h2.
TEMPLATE_TEST_CASE("a request body that breaks its word is reset, never padded", "", H2Pair,
                   H3Pair) {
  for (const Row& row : broken_bodies()) {
    if (row.declared && TestType::kVersion == HttpVersion::http2) continue;
    int jobs = 0;
    TestType pair;
    pair.handler.answer = hold(jobs);
    const PairCall& call = pair.fetch("/", scripted(pair.pool, row.steps, nullptr, row.declared));
    CHECK(call.receiver.failed == AbortReason::handler_failed);
    CHECK(call.receiver.calls == 1);
    CHECK(jobs == 0);
    REQUIRE(pair.observer.entries.size() == 1);
    CHECK(pair.observer.entries[0].aborted == AbortReason::peer_reset);
    if constexpr (std::is_same_v<TestType, H3Pair>) {
      CHECK(pair.client->streams.at(0).reset_sent == 0x10cU);  // H3_REQUEST_CANCELLED
    }
  }
}

TEMPLATE_TEST_CASE("a handler that gives up after the head resets its stream", "", H2Pair, H3Pair) {
  int jobs = 0;
  BodyProbe probe;
  Responder* responder = nullptr;
  TestType pair;
  pair.handler.answer = hold(jobs, &responder);
  const PairCall& call = pair.fetch("/");
  std::ignore = responder->respond(
      {}, scripted(pair.pool, {BodyStep::data("begun"), BodyStep::blocked()}, &probe));
  pair.run();
  CHECK(call.body == "begun");
  responder->abort(AbortReason::handler_failed);
  CHECK(probe.alive == 0);
  pair.run();
  CHECK(call.receiver.failed == AbortReason::peer_reset);
  CHECK(call.receiver.wire_code == TestType::kInternalError);
  CHECK(jobs == 0);
}

// The client lets go of a request after `steps` turns, whatever has happened until then.
TEMPLATE_TEST_CASE("a request that is cancelled at any moment leaves nothing behind", "", H2Pair,
                   H3Pair) {
  for (int steps = 0; steps < 24; ++steps) {
    for (const bool uploads : {false, true}) {
      CAPTURE(steps, uploads);
      int jobs = 0;
      BodyProbe up, down;
      TestType pair;
      pair.handler.answer = [&](RequestContext context, Responder& responder) {
        std::ignore =
            responder.respond({}, scripted(context.services.pool,
                                           {BodyStep::data(pattern(5000)), BodyStep::blocked(),
                                            BodyStep::data(pattern(3U << 20U))},
                                           &down));
        return std::make_unique<CountedJob>(jobs);
      };
      pair.open();
      pair.in_pieces_of(1500);
      PairCall& call = pair.start(
          "/", uploads ? scripted(pair.pool,
                                  {BodyStep::data(pattern(200'000)), BodyStep::blocked()}, &up)
                       : nullptr);
      for (int i = 0; i < steps; ++i) {
        pair.step();
        if (i == 12) down.release();
        if (i == 18) call.reads = false;
        if (i == 22) pair.run();  // until all windows are full
      }
      call.stream.reset();
      CHECK(up.alive == 0);
      pair.run();
      CHECK(jobs == 0);
      CHECK(down.alive == 0);
      CHECK(pair.handler.started == (steps == 0 ? 0 : 1));
      CHECK(pair.observer.entries.size() == static_cast<std::size_t>(pair.handler.started));
      CHECK(pair.pool.outstanding() == 0);
      if constexpr (std::is_same_v<TestType, H3Pair>) {
        CHECK(pair.server_app->idle());
        CHECK(pair.client_app->idle());
        CHECK(pair.server->connection_window_left() == pair.limits.connection_window);
      }
      pair.handler.answer = nullptr;
      CHECK(pair.fetch("/next").whole());
    }
  }
}

TEMPLATE_TEST_CASE("an unwanted body that goes on is stopped a while after the response", "",
                   H2Pair, H3Pair) {
  BodyProbe up;
  TestType pair;
  const PairCall& call =
      pair.fetch("/", scripted(pair.pool, {BodyStep::data("abc"), BodyStep::blocked()}, &up));
  CHECK(call.whole());
  CHECK(call.body == "hello");
  CHECK(pair.deadline() == pair.clock.now() + pair.timeouts.linger);
  pair.pass(pair.timeouts.linger - 1ns);
  CHECK_FALSE(call.stream->finished());
  pair.pass(1ns);
  CHECK(call.stream->finished());
  CHECK(call.receiver.wire_code == 0);
  CHECK_FALSE(call.receiver.failed);  // RFC 9113 §8.1, RFC 9114 §4.1: the response stands
  CHECK(up.alive == 0);
  CHECK(up.stopped == AbortReason::body_stopped);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
}

TEMPLATE_TEST_CASE("H1-16: a request body that does not come is answered 408", "", H1Pair, H2Pair,
                   H3Pair) {
  int jobs = 0;
  TestType pair;
  pair.handler.answer = hold(jobs);
  const PairCall& call = pair.fetch("/", scripted(pair.pool, {BodyStep::blocked()}));
  CHECK(pair.deadline() == pair.clock.now() + pair.exchange_timeouts.body_progress);
  pair.pass(pair.exchange_timeouts.body_progress - 1ns);
  CHECK_FALSE(call.receiver.head);
  pair.pass(1ns);
  CHECK(call.whole());
  CHECK(call.receiver.status() == 408);
  CHECK(pair.server_finished() == (TestType::kVersion == HttpVersion::http11));
  CHECK(jobs == 0);
}

TEMPLATE_TEST_CASE("no request in flight fails when the server drains, and the client is told", "",
                   H2Pair, H3Pair) {
  std::vector<Responder*> answers;
  int jobs = 0;
  TestType pair;
  pair.handler.answer = [&](RequestContext, Responder& responder) {
    answers.push_back(&responder);
    return std::make_unique<CountedJob>(jobs);
  };
  for (int i = 0; i < 10; ++i) pair.start("/");
  pair.run();
  CHECK_FALSE(pair.user->draining());
  pair.drain_server();
  pair.run();
  CHECK(pair.user->draining());
  CHECK(refusal(*pair.user) == ErrorCode::unavailable);
  CHECK_FALSE(pair.server_finished());
  for (Responder* answer : answers) {
    std::ignore = answer->respond({}, std::make_unique<PatternBody>(pair.pool, 100'000));
  }
  pair.run();
  for (const PairCall& call : pair.calls) CHECK(call.whole());
  CHECK(pair.server_finished());
  CHECK(pair.client_finished());
  CHECK(jobs == 0);
}

TEMPLATE_TEST_CASE("a client that drains lets its requests finish and is then done", "", H1Pair,
                   H2Pair, H3Pair) {
  TestType pair;
  const PairCall& call = pair.start("/");
  pair.drain_client();
  CHECK_FALSE(pair.client_finished());
  pair.run();
  CHECK(call.whole());
  CHECK(pair.client_finished());
}

TEMPLATE_TEST_CASE("trailers of exactly the limits arrive; one byte or one field more is a reset",
                   "", H2Pair, H3Pair) {
  for (const bool by_count : {false, true}) {
    for (const std::size_t over : {0U, 1U}) {
      CAPTURE(by_count, over);
      std::size_t got = 0;
      HeaderMap trailers;
      TestType pair;
      if (by_count) {
        pair.limits.trailer_count = 3;
        for (std::size_t i = 0; i < 3 + over; ++i) trailers.add(formatted("x-{}", i), "v");
      } else {
        pair.limits.trailer_bytes = 200;
        trailers.add("x-t", std::string(200 - 32 - 3 + over, 'x'));
      }
      pair.handler.answer = [&](RequestContext context, Responder& responder) {
        std::string body;
        CHECK(read_body(context.body, body) == ReadState::end);
        got = context.body.trailers()->size();
        std::ignore = responder.respond({}, nullptr);
        return nullptr;
      };
      const PairCall& call = pair.fetch(
          "/", scripted(pair.pool, {BodyStep::data("abc")}, nullptr, std::nullopt, trailers));
      CHECK(got == (over == 0 ? trailers.size() : 0));
      CHECK(call.whole() == (over == 0));
      CHECK(call.receiver.wire_code == (over == 0 ? 0 : TestType::kLargeTrailers));
      CHECK(pair.observer.entries.at(0).aborted ==
            (over == 0 ? AbortReason::none : AbortReason::over_limit));
    }
  }
}
