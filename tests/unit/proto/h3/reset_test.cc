// Requests that end early, at every point and from either side.
#include <array>

#include "wire.h"

using namespace troika;
using namespace troika::test;

// As QUIC's callbacks come: it may or may not tell of STOP_SENDING before it refuses to write.
TEST_CASE("h3: a peer that stops reading ends the exchange, even if only shut() tells") {
  for (const bool told : {true, false}) {
    OpenServer raw;
    BodyProbe answer;
    raw.handler.answer = with_steps(
        {BodyStep::data(pattern(5000)), BodyStep::blocked(), BodyStep::data("b")}, &answer);
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
  OpenServer raw;
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
  OpenServer raw;
  raw.send(0, headers_frame(post_fields()));
  raw.quic.receive_reset(0, kRequestCancelled);
  raw.run();
  raw.quic.ack_all();
  CHECK(raw.handler.started == 0);
  REQUIRE(raw.observer.entries.size() == 1);
  CHECK(raw.observer.entries[0].aborted == AbortReason::peer_reset);
}

TEST_CASE("h3: an upload that is reset after a whole response does not affect the response") {
  OpenServer raw;
  raw.exchange(0, headers_frame(post_fields()) + data_frame("abc"));
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
          {}, scripted(context.services.pool,
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

TEST_CASE("h3: no byte counts of a response that is not acknowledged for a minute") {
  OpenServer raw;
  raw.send(0, headers_frame(get_fields()), true);
  raw.run(false);
  REQUIRE(raw.quic.streams.at(0).fin_sent);
  raw.clock.advance(raw.exchange_timeouts.write_progress);
  raw.clock.advance(raw.timeouts.idle_tcp);
  raw.app->on_deadline(raw.clock.now());
  raw.run(false);
  REQUIRE(raw.observer.entries.size() == 1);
  CHECK(raw.observer.entries[0].body_bytes == 0);
}

TEST_CASE("h3: streams are granted only when the work for them has ended") {
  OpenServer raw;
  int jobs = 0;
  raw.handler.answer = hold(jobs);
  raw.exchange(0, headers_frame(get_fields()), true);
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
    "h3: as many responses as may be open wait for acknowledgements and keep no request waiting") {
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
  raw.send(0, headers_frame(post_fields()), false);  // the handler responds at once
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
  OpenServer raw;
  int jobs = 0;
  raw.handler.answer = hold(jobs);
  raw.send(0, headers_frame(get_fields()), true);
  raw.send(4, headers_frame(post_fields()) + data_frame("abc"));
  raw.exchange(8, headers_frame(get_fields()).substr(0, 7));
  raw.send(12, headers_frame(get_fields()), true);  // not begun
  raw.quic.lose();
  CHECK(jobs == 0);
  CHECK(raw.observer.entries.size() == 3);
  for (const auto& entry : raw.observer.entries) CHECK(entry.aborted == AbortReason::peer_gone);
  CHECK(raw.app->idle());
  CHECK(raw.app->deadline() == kNever);
}
