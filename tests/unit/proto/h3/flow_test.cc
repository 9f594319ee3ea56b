// Windows, acknowledgements and the memory that waits for them.
#include "h3_pair.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("h3: a stream without credit is blocked, others go on, and it resumes with credit") {
  H3Pair pair;
  pair.client_settings.stream_window = 100'000;
  pair.handler.answer = with_pattern(300'000);
  pair.start();
  Ask& paused = pair.ask("GET", "/1");
  paused.reads = false;
  pair.run();
  CHECK(pair.server->streams.at(paused.id).written >= 100'000);
  CHECK(pair.server->streams.at(paused.id).written < 100'100);  // framing is read at once
  const Ask& other = pair.fetch("GET", "/2");
  CHECK((other.body == pattern(300'000)));
  paused.reads = true;
  pair.run();
  CHECK((paused.body == pattern(300'000)));
}

TEST_CASE("h3: streams that a client has paused leave room for the one that it reads") {
  H3Pair pair;
  pair.client_settings.stream_window = 70'000;
  pair.client_settings.connection_window = 100U << 20U;
  pair.handler.answer = with_pattern(1'000'000);
  pair.start();
  for (int i = 0; i < 99; ++i) pair.ask("GET", "/paused").reads = false;
  const Ask& read = pair.fetch("GET", "/read");
  CHECK((read.body == pattern(1'000'000)));
}

TEST_CASE("h3: bytes that are not acknowledged are held up to the limit, and not one more") {
  const std::size_t limit = 100'000;
  for (const std::size_t size : {limit, limit + 1}) {
    H3Pair pair;
    pair.limits.retained_bytes = limit;
    pair.handler.answer = with_pattern(size);
    pair.start();
    pair.client->hold_acks = true;  // the client has the bytes, the server does not know it
    const Ask& ask = pair.fetch("GET", "/");
    CHECK(ask.body.size() == limit);
    CHECK((ask.state == ReadState::end) == (size == limit));

    pair.client->release_acks();
    pair.run();
    CHECK(ask.state == ReadState::end);
    CHECK((ask.body == pattern(size)));
    CHECK(pair.pool.outstanding() == 0);
    CHECK(pair.server->unacked_bytes == 0);
  }
}

TEST_CASE("h3: the limit on unacknowledged bytes holds for all streams together") {
  H3Pair pair;
  pair.limits.retained_bytes = 200'000;
  pair.handler.answer = with_pattern(150'000);
  pair.start();
  pair.client->hold_acks = true;
  const Ask& first = pair.ask("GET", "/1");
  const Ask& second = pair.fetch("GET", "/2");
  CHECK(first.body.size() + second.body.size() == 200'000);
  pair.client->release_acks();
  pair.run();
  CHECK((first.body == pattern(150'000)));
  CHECK((second.body == pattern(150'000)));
}

TEST_CASE("h3: bytes that wait for acknowledgement outlive the exchange, not the stream") {
  OpenPair pair;
  pair.handler.answer = with_pattern(50'000);
  pair.client->hold_acks = true;
  pair.fetch("GET", "/");
  CHECK(pair.pool.outstanding() > 0);
  pair.server->receive_stop_sending(0, 0x10c);  // the client resets: QUIC closes the stream
  pair.client->release_acks();
  pair.run();
  CHECK(pair.server->streams.at(0).closed);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("h3: refused uploads leave the connection's window full") {
  H3Pair pair;
  pair.start();  // the handler responds at once and wants no body
  for (int i = 0; i < 1000; ++i) {
    const Ask& ask = pair.fetch("POST", "/", std::make_unique<PatternBody>(pair.pool, 100U << 10U));
    REQUIRE(ask.receiver.status() == 200);
    REQUIRE(ask.body == "hello");
    REQUIRE_FALSE(ask.receiver.failed.has_value());
    pair.asks.clear();
    pair.run();
    REQUIRE(pair.server->connection_window_left() == pair.limits.connection_window);
  }
  CHECK(pair.server->bidi_granted == 1000);
}

TEST_CASE("h3: an unwanted body that goes on is stopped a while after the response") {
  OpenPair pair;
  BodyProbe upload;
  const Ask& ask = pair.fetch(
      "POST", "/",
      scripted(pair.pool, {BodyStep::data(pattern(1000)), BodyStep::blocked()}, &upload));
  CHECK(pair.server->streams.at(0).fin_sent);
  CHECK(ask.receiver.status() == 200);
  CHECK(ask.body == "hello");
  CHECK(pair.server_app->deadline() == pair.clock.now() + pair.timeouts.linger);
  pair.pass(pair.timeouts.linger - std::chrono::nanoseconds(1));
  CHECK_FALSE(pair.server->streams.at(0).stop_sent.has_value());
  pair.pass(std::chrono::nanoseconds(1));
  CHECK(pair.server->streams.at(0).stop_sent == 0x100);  // H3_NO_ERROR
  CHECK_FALSE(ask.receiver.failed.has_value());          // RFC 9114 §4.1: the response stands
  CHECK(ask.stream->finished());
  CHECK(upload.alive == 0);
  CHECK(upload.stopped == AbortReason::body_stopped);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
}

TEST_CASE("h3: STOP_SENDING waits while the response does") {
  H3Pair pair;
  BodyProbe answer;
  pair.handler.answer =
      with_steps({BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b")}, &answer);
  pair.start();
  pair.fetch("POST", "/", scripted(pair.pool, {BodyStep::data("x"), BodyStep::blocked()}));
  pair.pass(pair.timeouts.linger);
  CHECK_FALSE(pair.server->streams.at(0).stop_sent.has_value());
  answer.release();
  pair.run();
  pair.pass(pair.timeouts.linger);
  CHECK(pair.server->streams.at(0).stop_sent == 0x100);
}

TEST_CASE("h3: an unread upload holds its window and no more, until it is read") {
  H3Pair pair;
  BodySource* unread = nullptr;
  int jobs = 0;
  Responder* answer = nullptr;
  pair.handler.answer = hold(jobs, &answer, &unread);
  pair.start();
  pair.fetch("POST", "/", std::make_unique<PatternBody>(pair.pool, 400U << 10U));
  // Framing is read at once, so a little more than the window has come.
  CHECK(pair.server->streams.at(0).received < pair.limits.h3_stream_window + 100);
  CHECK(pair.server->streams.at(0).received >= pair.limits.h3_stream_window);
  std::string body;
  while (body.size() < (400U << 10U)) {
    REQUIRE(read_body(*unread, body) != ReadState::error);
    pair.run();
  }
  CHECK((body == pattern(400U << 10U)));
  (void)answer->respond({}, nullptr);
  pair.run();
  CHECK(jobs == 0);
}

TEST_CASE("h3: a response that is not acknowledged is reset after the write timeout") {
  OpenPair pair;
  pair.handler.answer = with_pattern(4U << 20U);
  pair.client->hold_acks = true;
  Ask& ask = pair.ask("GET", "/");
  ask.reads = false;
  pair.run();
  pair.pass(pair.timeouts.write_progress - std::chrono::milliseconds(1));
  CHECK_FALSE(pair.server->streams.at(0).reset_sent.has_value());
  pair.pass(std::chrono::milliseconds(1));
  CHECK(pair.server->streams.at(0).reset_sent == 0x10c);  // H3_REQUEST_CANCELLED
  pair.client->release_acks();
  pair.run();
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::timeout);
}
