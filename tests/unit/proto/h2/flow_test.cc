// Flow control in both directions.
#include <catch2/catch_test_macros.hpp>

#include "pair.h"
#include "raw_peer.h"

namespace troika::h2 {
namespace {

using test::body_of;
using test::PatternBody;

TEST_CASE("one stalled upload leaves the window of the connection to the others") {
  int jobs = 0;
  Pair pair;
  pair.handler.answer = test::hold(jobs);
  for (int i = 0; i < 10; ++i) {
    pair.start("/stall", std::make_unique<PatternBody>(pair.pool, 1U << 20U));
  }
  pair.run();
  CHECK(jobs == 10);
  pair.handler.answer = nullptr;
  for (int i = 0; i < 50; ++i) {
    REQUIRE(pair.fetch("/", body_of(pair.pool, test::pattern(60'000))).whole());
  }
}

TEST_CASE("a setting of the server that makes a window too large ends the client's connection") {
  constexpr std::uint32_t kMore = 1'000'000, kMost = 0x7fffffff;
  const auto setting = [](std::uint32_t window) {
    return frame(kSettings, 0, 0, std::string("\0\4", 2) + u32(window));
  };
  for (const std::uint32_t above : {0U, 1U}) {
    CAPTURE(above);
    int jobs = 0;
    Pair pair;
    pair.handler.answer = test::hold(jobs);
    const PairCall& call = pair.fetch("/", test::scripted(pair.pool, {test::BodyStep::blocked()}));
    REQUIRE(jobs == 1);
    REQUIRE(pair.client->receive(test::bytes_of(frame(kWindowUpdate, 0, 1, u32(kMore))),
                                 pair.clock.now()));
    // The window is the server's first setting, and so many bytes more.
    const auto read =
        pair.client->receive(test::bytes_of(setting(kMost - kMore + above)), pair.clock.now());
    CHECK(read.has_value() == (above == 0));
    CHECK(call.receiver.failed.has_value() == (above > 0));
  }
}

TEST_CASE("uploads that are cancelled unread give their bytes back") {
  int jobs = 0;
  Pair pair;
  pair.handler.answer = test::hold(jobs);
  for (int i = 0; i < 200; ++i) {
    pair.fetch("/", std::make_unique<PatternBody>(pair.pool, 100U << 10U));
    REQUIRE(jobs == 1);
    REQUIRE(pair.pool.outstanding() >= pair.limits.stream_window);  // it did arrive
    pair.calls.clear();
    pair.run();
    REQUIRE(jobs == 0);
  }
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("downloads that are dropped unread give their bytes back to the client's window") {
  Pair pair;
  pair.limits.concurrent_streams = 10;  // the connection's window holds so many downloads
  pair.handler.answer = test::with_pattern(900U << 10U);
  for (int i = 0; i < 50; ++i) {
    PairCall& call = pair.start("/");
    pair.wire->run();
    REQUIRE(call.receiver.status() == 200);
    REQUIRE(pair.pool.outstanding() >= pair.limits.call_window);
    pair.calls.clear();
    pair.run();
  }
  CHECK(pair.fetch("/").body == test::pattern(900U << 10U));
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("padding counts for flow control and comes back without being read") {
  BodySource* upload = nullptr;
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = test::hold(jobs, nullptr, &upload);
  std::ignore = peer.send(peer.headers(1, post_fields(), false));
  std::ignore = peer.flush();
  REQUIRE(upload != nullptr);
  const std::string padded = std::string(1, '\xff') + "x" + std::string(255, '\0');
  constexpr std::uint8_t kPadded = 8;
  std::string got;
  for (int i = 0; i < 10'000; ++i) {  // 2.5 MB of windows for 10 KB of body
    REQUIRE(peer.send(frame(kData, kPadded, 1, padded)));
    std::ignore = test::read_body(*upload, got);
    std::ignore = peer.flush();
  }
  CHECK(got == std::string(10'000, 'x'));
  CHECK_FALSE(peer.goaway_code());
  CHECK_FALSE(peer.reset_code(1));
}

TEST_CASE("the DATA frames of a large body are as long as one TLS record") {
  Pair pair;
  pair.handler.answer = test::with_pattern(163750);
  pair.run();
  const std::uint64_t before = pair.wire->to_client;
  CHECK(pair.fetch("/").whole());
  // Ten frames of 16375 bytes and a header of 9, and one HEADERS frame.
  const std::uint64_t bytes = pair.wire->to_client - before;
  CHECK(bytes >= 163750 + 11 * 9);
  CHECK(bytes < 163750 + 11 * 9 + 300);
}

TEST_CASE("A server without room to write stops reading, but not before the handshake is done") {
  for (const bool handshaking : {true, false}) {
    CAPTURE(handshaking);
    Pair pair;
    pair.peer.security.handshaking = handshaking;
    pair.run();
    pair.wire->high = 0;
    pair.wire->run();
    CHECK(pair.server->interest().wants_read == handshaking);
  }
}

}  // namespace
}  // namespace troika::h2
