// Exchanges that end early: by a body, a handler, the client, a deadline or the connection.
#include <catch2/catch_test_macros.hpp>

#include "pair.h"

namespace troika::h2 {
namespace {

using namespace std::chrono_literals;
using test::BodyProbe;
using test::BodyStep;
using test::CountedJob;
using test::scripted;

constexpr std::uint64_t kNoError = 0, kInternalError = 2, kCancel = 8;

TEST_CASE("a body that fails, or is shorter or longer than declared, is reset, never padded") {
  struct Row {
    std::vector<BodyStep> steps;
    std::optional<std::uint64_t> declared;
  };
  for (const Row& row : {Row{{BodyStep::data("hello"), BodyStep::error()}, std::nullopt},
                         Row{{BodyStep::data("hello")}, 4}, Row{{BodyStep::data("hello")}, 6}}) {
    BodyProbe probe;
    Pair pair;
    pair.handler.answer = test::with_steps(row.steps, &probe, row.declared);
    Call& call = pair.fetch(make_request("/"));
    CHECK(call.receiver.failed == AbortReason::peer_reset);
    CHECK(call.receiver.wire_code == kInternalError);
    CHECK(probe.alive == 0);
    CHECK(pair.observer.entries.at(0).aborted == AbortReason::handler_failed);
    pair.handler.answer = nullptr;
    CHECK(pair.fetch(make_request("/again")).whole());
    CHECK(pair.pool.outstanding() == 0);
  }
}

TEST_CASE("a handler that gives up after the head resets its stream") {
  int jobs = 0;
  BodyProbe probe;
  Responder* responder = nullptr;
  Pair pair;
  pair.handler.answer = [&](RequestContext context, Responder& its) {
    responder = &its;
    std::ignore = its.respond({}, scripted(context.services.pool,
                                           {BodyStep::data("begun"), BodyStep::blocked()}, &probe));
    return std::make_unique<CountedJob>(jobs);
  };
  Call& late = pair.fetch(make_request("/late"));
  CHECK(late.body == "begun");
  responder->abort(AbortReason::handler_failed);
  CHECK(probe.alive == 0);
  pair.run();
  CHECK(late.receiver.failed == AbortReason::peer_reset);
  CHECK(late.receiver.wire_code == kInternalError);
  CHECK(jobs == 0);
}

TEST_CASE("a client that lets go cancels the work at once, in whatever state it is") {
  // The step at which the client destroys its stream.
  for (int step = 0; step < 5; ++step) {
    CAPTURE(step);
    int jobs = 0;
    BodyProbe down, up;
    Responder* answer = nullptr;
    Pair pair;
    pair.handler.answer = [&](RequestContext context, Responder& responder) {
      answer = &responder;
      if (step >= 3) {
        std::ignore = responder.respond(
            {}, scripted(context.services.pool, {BodyStep::data(test::pattern(3U << 20U))}, &down));
      }
      return std::make_unique<CountedJob>(jobs);
    };
    Call& call = pair.start(
        make_request("/", Method::post),
        scripted(pair.pool, {BodyStep::data(test::pattern(200'000)), BodyStep::blocked()}, &up));
    if (step == 1) pair.wire->turn();
    if (step == 2 || step == 3) pair.wire->run();  // without a reader: windows are full
    if (step == 4) {
      pair.run();
      up.release();
      pair.wire->turn();
    }
    call.stream.reset();
    CHECK(up.alive == 0);
    pair.run();
    CHECK(jobs == 0);
    CHECK(down.alive == 0);
    CHECK(pair.handler.started == (step == 0 ? 0 : 1));
    CHECK(pair.observer.entries.size() == static_cast<std::size_t>(pair.handler.started));
    CHECK(pair.pool.outstanding() == 0);
    pair.handler.answer = nullptr;
    CHECK(pair.fetch(make_request("/next")).whole());
  }
}

TEST_CASE("a response before the end of the upload stops it with NO_ERROR, which is no failure") {
  BodyProbe up;
  Pair pair([](test::Bench& bench) { bench.limits.discarded_body = 100'000; });
  Call& call = pair.fetch(make_request("/", Method::post),
                          scripted(pair.pool, {BodyStep::data(test::pattern(500'000))}, &up));
  CHECK(call.whole());
  CHECK(call.body == "hello");
  CHECK_FALSE(call.receiver.failed);
  CHECK(call.receiver.wire_code == kNoError);
  CHECK(call.stream->finished());
  CHECK(up.alive == 0);
  CHECK(up.stopped == AbortReason::body_stopped);
  CHECK_FALSE(up.ended);
}

TEST_CASE("an unwanted body is read up to the limit, one byte more is stopped at once") {
  for (const std::size_t over : {0U, 1U}) {
    BodyProbe up;
    Pair pair([](test::Bench& bench) { bench.limits.discarded_body = 100'000; });
    Call& call =
        pair.fetch(make_request("/", Method::post),
                   scripted(pair.pool,
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
    CHECK(call.body == "hello");
    CHECK(pair.fetch(make_request("/next")).whole());
  }
}

TEST_CASE("an unwanted body that goes on is stopped a while after the response") {
  BodyProbe up;
  Pair pair;
  Call& call = pair.fetch(make_request("/", Method::post),
                          scripted(pair.pool, {BodyStep::data("abc"), BodyStep::blocked()}, &up));
  CHECK(call.whole());
  CHECK(pair.server->deadline() == pair.clock.now() + pair.timeouts.linger);
  pair.advance(pair.timeouts.linger - 1ns);
  pair.run();
  CHECK_FALSE(call.stream->finished());
  pair.advance(1ns);
  pair.run();
  CHECK(call.stream->finished());
  CHECK(call.receiver.wire_code == kNoError);
  CHECK_FALSE(call.receiver.failed);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
}

TEST_CASE("an upload that fails on our side is reset, and the server forgets it") {
  int jobs = 0;
  BodyProbe up;
  Pair pair;
  pair.handler.answer = test::hold(jobs);
  Call& call = pair.fetch(make_request("/", Method::post),
                          scripted(pair.pool, {BodyStep::data("a"), BodyStep::error()}, &up));
  CHECK(call.receiver.failed == AbortReason::handler_failed);
  CHECK(call.receiver.calls == 1);
  CHECK(jobs == 0);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::peer_reset);
}

TEST_CASE("a lost connection ends every exchange, and every summary comes once") {
  int jobs = 0;
  Pair pair;
  pair.handler.answer = test::hold(jobs);
  for (int i = 0; i < 5; ++i) pair.start(make_request("/"));
  pair.run();
  CHECK(jobs == 5);
  SECTION("the transport is gone") { pair.server->abort(AbortReason::peer_gone); }
  SECTION("the client ended its side") { pair.server->receive_end(pair.clock.now()); }
  CHECK(jobs == 0);
  CHECK(pair.server->interest().finished);
  CHECK(pair.observer.entries.size() == 5);
  CHECK(pair.observer.entries.at(4).aborted == AbortReason::peer_gone);
  pair.client->receive_end(pair.clock.now());
  for (const Call& call : pair.calls) CHECK(call.receiver.failed == AbortReason::peer_gone);
  test::RecordingReceiver receiver;
  const auto late = pair.client->start(make_request("/"), nullptr, receiver);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::closed);
}

TEST_CASE("a request body that does not come is answered 408") {
  int jobs = 0;
  BodyProbe up;
  Pair pair;
  pair.handler.answer = [&](RequestContext context, Responder&) {
    std::ignore = context.body.pull(1);
    return std::make_unique<CountedJob>(jobs);
  };
  Call& call =
      pair.fetch(make_request("/", Method::post), scripted(pair.pool, {BodyStep::blocked()}, &up));
  CHECK(pair.server->deadline() == pair.clock.now() + pair.timeouts.body_progress);
  pair.advance(pair.timeouts.body_progress - 1ns);
  pair.run();
  CHECK_FALSE(call.receiver.head);
  pair.advance(1ns);
  pair.run();
  CHECK(call.whole());
  CHECK(call.receiver.status() == 408);
  CHECK(jobs == 0);
}

TEST_CASE("a reader that stops loses its stream after the write-progress time, and only then") {
  BodyProbe down;
  Pair pair;
  pair.handler.answer = test::with_steps({BodyStep::data(test::pattern(3U << 20U))}, &down);
  Call& call = pair.start(make_request("/"));
  pair.wire->run();  // the client's window is full, without a reader
  CHECK(down.alive == 1);
  pair.advance(pair.timeouts.write_progress - 1ns);
  pair.wire->run();
  CHECK(down.alive == 1);
  call.read();  // opens the window: that is progress
  pair.wire->run();
  pair.advance(pair.timeouts.write_progress - 1ns);
  pair.wire->run();
  CHECK(down.alive == 1);
  pair.advance(1ns);
  CHECK(down.alive == 0);
  pair.run();
  CHECK(call.receiver.failed == AbortReason::peer_reset);
  CHECK(call.receiver.wire_code == kCancel);
  CHECK(pair.observer.entries.at(0).aborted == AbortReason::timeout);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("window updates alone are no progress: what counts is bytes that left the queue") {
  BodyProbe down;
  Pair pair;
  pair.handler.answer = test::with_steps({BodyStep::data(test::pattern(900'000))}, &down);
  Call& call = pair.start(make_request("/"));
  pair.wire->client_reads = false;  // the bytes stay in the server's output queue
  pair.wire->run();
  CHECK(pair.wire->from_server().size() >= pair.wire->high);
  pair.advance(pair.timeouts.write_progress);
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
  Call& call = pair.start(make_request("/"));
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
