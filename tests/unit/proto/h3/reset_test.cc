// Requests that end early, at every point and from either side.
#include <array>

#include "h3_pair.h"
#include "wire.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("h3: of ten answers one fails: it alone is reset with H3_INTERNAL_ERROR") {
  H3Pair pair;
  pair.handler.answer = [&](RequestContext context, Responder& responder) {
    std::unique_ptr<BodySource> body;
    if (context.request.target.path == "/4") {
      body = std::make_unique<ScriptedBody>(
          context.services.pool, std::vector{BodyStep::data(pattern(70'000)), BodyStep::error()});
    } else {
      body = std::make_unique<PatternBody>(context.services.pool, 200'000);
    }
    (void)responder.respond({}, std::move(body));
    return nullptr;
  };
  pair.start();
  for (int i = 0; i < 10; ++i) pair.ask("GET", "/" + std::to_string(i));
  pair.run();
  int whole = 0;
  for (const Ask& ask : pair.asks) {
    if (ask.state == ReadState::end && ask.body == pattern(200'000)) ++whole;
  }
  CHECK(whole == 9);
  const Ask& failed = *std::next(pair.asks.begin(), 4);
  CHECK(failed.state == ReadState::error);
  CHECK(failed.receiver.failed == AbortReason::peer_reset);
  CHECK(failed.receiver.wire_code == kInternalError);
  CHECK(pair.server->streams.at(failed.id).reset_sent == kInternalError);
  CHECK(pair.observer.entries.size() == 10);
  CHECK(pair.server->alive());
}

TEST_CASE("h3: a body that gives less or more than it declared is never passed off as whole") {
  for (const std::uint64_t declared : {4U, 6U}) {
    H3Pair pair;
    pair.handler.answer = [&](RequestContext context, Responder& responder) {
      (void)responder.respond(
          {}, std::make_unique<ScriptedBody>(
                  context.services.pool, std::vector{BodyStep::data("abc"), BodyStep::data("de")},
                  nullptr, declared));
      return nullptr;
    };
    pair.start();
    const Ask& ask = pair.ask("GET", "/");
    pair.run();
    CHECK(ask.state == ReadState::error);
    CHECK(pair.server->streams.at(0).reset_sent == kInternalError);
    CHECK(pair.observer.entries[0].aborted == AbortReason::handler_failed);
  }
}

TEST_CASE("h3: a handler that aborts before its head gives 500, after it a reset") {
  H3Pair pair;
  pair.handler.answer = [&](RequestContext context, Responder& responder) {
    if (context.request.target.path == "/after") {
      (void)responder.respond({}, std::make_unique<ScriptedBody>(context.services.pool,
                                                                 std::vector{BodyStep::blocked()}));
    }
    responder.abort(AbortReason::handler_failed);
    return nullptr;
  };
  pair.start();
  const Ask& before = pair.ask("GET", "/before");
  const Ask& after = pair.ask("GET", "/after");
  pair.run();
  CHECK(before.receiver.status() == 500);
  CHECK(before.state == ReadState::end);
  CHECK(after.receiver.failed.has_value());
  CHECK(after.receiver.wire_code == kInternalError);
}

// The client lets go of a request after `steps` deliveries, whatever has happened until then.
TEST_CASE("h3: a request that is cancelled at any moment leaves nothing behind") {
  for (int steps = 0; steps < 24; ++steps) {
    for (const bool upload : {false, true}) {
      H3Pair pair;
      int jobs = 0;
      BodyProbe answer;
      pair.handler.answer = [&](RequestContext context, Responder& responder) {
        (void)responder.respond({},
                                std::make_unique<ScriptedBody>(
                                    context.services.pool,
                                    std::vector{BodyStep::data(pattern(5000)), BodyStep::blocked(),
                                                BodyStep::data(pattern(5000))},
                                    &answer));
        return std::make_unique<CountedJob>(jobs);
      };
      pair.start();
      pair.client->burst = pair.server->burst = 1500;
      Ask& ask = pair.ask("POST", "/",
                          upload ? std::make_unique<PatternBody>(pair.pool, 20'000) : nullptr);
      for (int i = 0; i < steps; ++i) {
        pair.step();
        if (i == 12) answer.release();
      }
      ask.stream.reset();
      pair.run();
      CAPTURE(steps, upload);
      CHECK(jobs == 0);
      CHECK(answer.alive == 0);
      CHECK(pair.server_app->idle());
      CHECK(pair.client_app->idle());
      CHECK(pair.observer.entries.size() == static_cast<std::size_t>(pair.handler.started));
      CHECK(pair.server->connection_window_left() == pair.limits.connection_window);
      CHECK(pair.pool.outstanding() == 0);
      // The connection is as good as before.
      pair.handler.answer = nullptr;
      const Ask& next = pair.ask("GET", "/");
      pair.run();
      CHECK(next.body == "hello");
    }
  }
}

// As QUIC's callbacks come: it may or may not tell of STOP_SENDING before it refuses to write.
TEST_CASE("h3: a peer that stops reading ends the exchange, even if only shut() tells") {
  for (const bool told : {true, false}) {
    RawServer raw;
    BodyProbe answer;
    raw.handler.answer = [&](RequestContext context, Responder& responder) {
      (void)responder.respond(
          {}, std::make_unique<ScriptedBody>(context.services.pool,
                                             std::vector{BodyStep::data(pattern(5000)),
                                                         BodyStep::blocked(), BodyStep::data("b")},
                                             &answer));
      return nullptr;
    };
    raw.start();
    raw.send(0, headers_frame(get_fields()), true);
    raw.run(false);
    CHECK(answer.alive == 1);
    raw.quic.tells_stop_sending = told;
    raw.quic.receive_stop_sending(0, kRequestCancelled);
    raw.run(false);
    answer.release();
    raw.run(false);
    CHECK(answer.alive == 0);
    raw.run();
    raw.quic.ack_all();
    REQUIRE(raw.observer.entries.size() == 1);
    CHECK(raw.observer.entries[0].aborted == AbortReason::peer_reset);
    CHECK(raw.quic.alive());
  }
}

TEST_CASE("h3: a request that is reset before its headers are there ends with no exchange") {
  RawServer raw;
  raw.start();
  raw.send(0, headers_frame(get_fields()).substr(0, 10));
  raw.quic.receive_reset(0, kRequestCancelled);
  raw.run();
  CHECK(raw.quic.streams.at(0).reset_sent == kRequestIncomplete);
  raw.quic.ack_all();
  CHECK(raw.quic.streams.at(0).closed);
  CHECK(raw.observer.entries.empty());
  CHECK(raw.app->idle());
  // The same for one of which nothing was seen at all.
  raw.quic.receive_reset(4, kRequestCancelled);
  raw.run();
  raw.quic.ack_all();
  CHECK(raw.quic.streams.at(4).closed);
  raw.run();
  CHECK(raw.quic.bidi_granted == 2);
}

TEST_CASE("h3: a request that is reset in the read that brought it never reaches the handler") {
  RawServer raw;
  raw.start();
  raw.send(0, headers_frame(post_fields()));
  raw.quic.receive_reset(0, kRequestCancelled);
  raw.run();
  raw.quic.ack_all();
  CHECK(raw.handler.started == 0);
  REQUIRE(raw.observer.entries.size() == 1);
  CHECK(raw.observer.entries[0].aborted == AbortReason::peer_reset);
}

TEST_CASE("h3: an upload that is reset after a whole answer does not spoil the answer") {
  RawServer raw;
  raw.start();
  raw.send(0, headers_frame(post_fields()) + data_frame("abc"));
  raw.run();
  SECTION("because it was told to stop") {
    raw.pass(raw.timeouts.linger);
    CHECK(raw.quic.streams.at(0).stop_sent == kNoErrorCode);
    raw.quic.receive_reset(0, kNoErrorCode);
  }
  SECTION("by itself") { raw.quic.receive_reset(0, kRequestCancelled); }
  raw.run();
  REQUIRE(raw.observer.entries.size() == 1);
  CHECK(raw.observer.entries[0].aborted == AbortReason::none);
  CHECK(raw.observer.entries[0].body_bytes == 5);
  CHECK(raw.quic.connection_window_left() == raw.limits.connection_window);
}

// What the log says of responses that are on their way when the connection ends.
TEST_CASE("h3: a response that has left counts whole when the connection ends without an error") {
  struct End {
    std::optional<quic::AppError> code;
    bool whole;
  };
  for (const auto& [code, whole] :
       {End{kNoErrorCode, true}, End{0x21, true}, End{0x0, true}, End{0x1f3, true},
        End{kInternalError, false}, End{kRequestCancelled, false}, End{0x110, false},
        End{kDecompressionFailed, false}, End{std::nullopt, false}}) {
    CAPTURE(code.value_or(1));
    RawServer raw;
    raw.handler.answer = [](RequestContext context, Responder& responder) {
      const bool ends = context.request.target.path == "/";
      (void)responder.respond(
          {}, std::make_unique<ScriptedBody>(
                  context.services.pool,
                  ends ? std::vector{BodyStep::data(pattern(5000))}
                       : std::vector{BodyStep::data(pattern(5000)), BodyStep::blocked()}));
      return nullptr;
    };
    raw.start();
    raw.send(0, headers_frame(get_fields()), true);
    raw.send(4, headers_frame(get_fields("/endless")), true);
    raw.run(false);
    REQUIRE(raw.quic.streams.at(0).fin_sent);
    raw.quic.receive_ack(0, 3000, false);
    raw.quic.receive_ack(4, 3000, false);
    raw.quic.lose(code);
    REQUIRE(raw.observer.entries.size() == 2);
    const auto& ended = raw.observer.entries[0];
    CHECK(ended.aborted == AbortReason::none);
    CHECK((ended.body_bytes == 5000) == whole);
    CHECK((ended.body_bytes > 2000 && ended.body_bytes < 3000) == !whole);
    CHECK(raw.observer.entries[1].aborted == AbortReason::peer_gone);
    CHECK(raw.observer.entries[1].body_bytes < 3000);
  }
}

TEST_CASE("h3: of a response that nobody acknowledges for a minute no byte counts") {
  RawServer raw;
  raw.start();
  raw.send(0, headers_frame(get_fields()), true);
  raw.run(false);
  REQUIRE(raw.quic.streams.at(0).fin_sent);
  raw.clock.advance(raw.timeouts.write_progress);
  raw.clock.advance(raw.timeouts.idle_tcp);
  raw.app->on_deadline(raw.clock.now());
  raw.run(false);
  REQUIRE(raw.observer.entries.size() == 1);
  CHECK(raw.observer.entries[0].body_bytes == 0);
}

TEST_CASE("h3: streams are granted only when the work for them has ended") {
  RawServer raw;
  int jobs = 0;
  raw.handler.answer = [&](RequestContext, Responder&) {
    return std::make_unique<CountedJob>(jobs);
  };
  raw.start();
  raw.send(0, headers_frame(get_fields()), true);
  raw.run();
  CHECK(jobs == 1);
  CHECK(raw.quic.bidi_granted == 0);
  raw.quic.receive_stop_sending(0, kRequestCancelled);
  CHECK(raw.quic.bidi_granted == 0);
  raw.run();
  raw.quic.ack_all();
  CHECK(jobs == 0);
  CHECK(raw.quic.bidi_granted == 1);
}

TEST_CASE(
    "h3: as many answers as may be open wait for acknowledgements and keep no request waiting") {
  RawServer raw;
  raw.limits.concurrent_streams = 3;
  raw.start();
  quic::StreamId next = 0;
  const auto ask = [&] {
    raw.send(next, headers_frame(get_fields()), true);
    raw.run(false);
    next += 4;
    return raw.quic.bidi_granted;
  };
  CHECK(ask() == 1);
  CHECK(ask() == 2);
  CHECK(ask() == 3);
  CHECK(ask() == 3);
  CHECK(ask() == 3);
  // One that is cut off is replaced all the same, once.
  raw.send(next, headers_frame(post_fields()), false);
  raw.quic.receive_reset(next, kRequestCancelled);
  raw.run(false);
  CHECK(raw.quic.bidi_granted == 3);
  raw.quic.ack_all();
  raw.run();
  CHECK(raw.app->idle());
  CHECK(raw.quic.bidi_granted == 6);
  next += 4;
  CHECK(ask() == 7);
}

TEST_CASE("h3: streams are replaced before they are closed a quarter of the limit at a time") {
  RawServer raw;
  raw.limits.concurrent_streams = 12;
  raw.start();
  std::vector<std::uint64_t> granted;
  for (const quic::StreamId id : {0, 4, 8, 12}) {
    raw.send(id, headers_frame(get_fields()), true);
    raw.run(false);
    granted.push_back(raw.quic.bidi_granted);
  }
  CHECK(granted == std::vector<std::uint64_t>{0, 0, 3, 3});
  raw.quic.ack_all();
  raw.run();
  CHECK(raw.quic.bidi_granted == 4);
}

TEST_CASE("h3: a stream whose request was not read is replaced when it is closed") {
  RawServer raw;
  raw.limits.concurrent_streams = 3;
  raw.start();
  raw.send(0, headers_frame(post_fields()), false);  // the handler answers at once
  raw.run(false);
  REQUIRE(raw.quic.streams.at(0).fin_sent);
  CHECK(raw.quic.bidi_granted == 0);
  raw.quic.receive_reset(0, kRequestCancelled);
  raw.run(false);
  CHECK(raw.quic.bidi_granted == 0);
  raw.quic.ack_all();
  raw.run();
  CHECK(raw.app->idle());
  CHECK(raw.quic.bidi_granted == 1);
}

TEST_CASE("h3: a lost connection ends every exchange once, whatever its state") {
  RawServer raw;
  int jobs = 0;
  raw.handler.answer = [&](RequestContext, Responder&) {
    return std::make_unique<CountedJob>(jobs);
  };
  raw.start();
  raw.send(0, headers_frame(get_fields()), true);
  raw.send(4, headers_frame(post_fields()) + data_frame("abc"));
  raw.send(8, headers_frame(get_fields()).substr(0, 7));
  raw.run();
  raw.send(12, headers_frame(get_fields()), true);  // not begun
  raw.quic.lose();
  CHECK(jobs == 0);
  CHECK(raw.observer.entries.size() == 3);
  for (const auto& entry : raw.observer.entries) CHECK(entry.aborted == AbortReason::peer_gone);
  CHECK(raw.app->idle());
  CHECK(raw.app->deadline() == kNever);
}
