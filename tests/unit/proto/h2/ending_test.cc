// How a connection ends: by its preface, by time, by a drain, by GOAWAY.
#include <catch2/catch_test_macros.hpp>

#include "pair.h"
#include "raw_peer.h"

namespace troika::h2 {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kNoError = 0, kProtocolError = 1, kHighestStream = 0x7fffffff;

void at(RawPeer& peer, Duration by) {
  peer.clock.advance(by);
  if (peer.server->deadline() <= peer.clock.now()) peer.server->on_deadline(peer.clock.now());
  peer.settle();
}

TEST_CASE("what is not an HTTP/2 preface ends the connection") {
  for (const std::string_view bytes :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}) {
    RawPeer peer;
    const Status status = peer.send(bytes);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::protocol);
    peer.settle();
    CHECK(peer.goaway_code() == kProtocolError);
    CHECK(peer.server->interest().finished);
    CHECK_FALSE(peer.server->interest().wants_read);
    CHECK_FALSE(peer.server->interest().has_output);
    CHECK(peer.server->deadline() == kNever);
  }
}

TEST_CASE("a preface must be followed by SETTINGS") {
  RawPeer peer;
  peer.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kPing, 0, 0, "12345678"));
  CHECK(peer.goaway_code() == kProtocolError);
}

TEST_CASE("the preface and SETTINGS must come within the handshake time") {
  RawPeer peer;
  peer.exchange("PRI * HTTP/2.0\r\n\r\n");
  CHECK(peer.server->deadline() == peer.clock.now() + peer.timeouts.handshake);
  at(peer, peer.timeouts.handshake - 1ns);
  CHECK_FALSE(peer.goaway_code());
  at(peer, 1ns);
  CHECK(peer.goaway_code() == kProtocolError);
  CHECK(peer.server->interest().finished);
}

TEST_CASE("a field section must be complete within the header time, trailers included") {
  for (const bool trailers : {false, true}) {
    int jobs = 0;
    OpenPeer peer;
    peer.handler.answer = test::hold(jobs);
    if (trailers) std::ignore = peer.send(peer.headers(1, post_fields(), false));
    const std::string block = peer.block(trailers ? RawFields{{"x", "y"}} : get_fields());
    peer.exchange(frame(kHeaders, kEndStream, 1, block));
    at(peer, peer.timeouts.header_block - 1ns);
    CHECK_FALSE(peer.goaway_code());
    std::ignore = peer.send(frame(kContinuation, 0, 1));  // bytes alone win no time
    at(peer, 1ns);
    CHECK(peer.goaway_code() == kProtocolError);
    CHECK(jobs == 0);
  }
}

TEST_CASE("a field section that is completed in time leaves no timer behind") {
  OpenPeer peer;
  std::ignore = peer.send(frame(kHeaders, kEndStream, 1, peer.block(get_fields())));
  peer.exchange(frame(kContinuation, kEndHeaders, 1));
  CHECK(peer.status(1) == "200");
  CHECK(peer.server->deadline() == peer.clock.now() + peer.timeouts.idle_tcp);
}

TEST_CASE("an idle connection ends with NO_ERROR, and PINGs do not keep it") {
  OpenPeer peer;
  at(peer, 10s);
  peer.exchange(peer.get(1));
  at(peer, 30s);
  std::ignore = peer.send(frame(kPing, 0, 0, "12345678"));
  at(peer, peer.timeouts.idle_tcp - 30s - 1ns);
  CHECK_FALSE(peer.goaway_code());
  at(peer, 1ns);
  CHECK(peer.goaway_code() == kNoError);
  CHECK(peer.find(kGoaway, 0)->last_stream() == 1);
  CHECK(peer.server->interest().finished);
}

TEST_CASE("a stream that is open keeps the connection from being idle") {
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = test::hold(jobs);
  peer.exchange(peer.get(1));
  CHECK(peer.server->deadline() == peer.clock.now() + peer.exchange_timeouts.handler);
}

TEST_CASE("a drain announces itself, waits one round trip, then names the last request") {
  Responder* answer = nullptr;
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = test::hold(jobs, &answer);
  peer.exchange(peer.get(1));
  peer.host.take();
  peer.server->drain();
  CHECK(peer.host.take());
  peer.settle();
  REQUIRE(peer.count(kGoaway) == 1);
  CHECK(peer.frames.at(peer.frames.size() - 2).last_stream() == kHighestStream);
  const auto ping = peer.find(kPing, 0)->payload;

  std::ignore = peer.send(peer.get(3));  // was on its way
  peer.settle();
  CHECK(jobs == 2);
  SECTION("the PING comes back") { peer.exchange(frame(kPing, kAck, 0, ping)); }
  SECTION("or a second passes") {
    CHECK(peer.server->deadline() == peer.clock.now() + 1s);
    at(peer, 1s);
  }
  REQUIRE(peer.count(kGoaway) == 2);
  CHECK(peer.frames.back().last_stream() == 3);
  CHECK(peer.frames.back().code() == kNoError);

  std::ignore = peer.send(peer.get(5));  // too late: not processed, no response
  peer.settle();
  CHECK(peer.handler.started == 2);
  CHECK_FALSE(peer.server->interest().finished);
  peer.server->drain();
  std::ignore = answer->respond({}, nullptr);  // stream 3
  peer.settle();
  CHECK(peer.status(3) == "200");
  peer.exchange(frame(kRstStream, 0, 1, u32(8)));
  CHECK(jobs == 0);
  CHECK(peer.server->interest().finished);
  CHECK(peer.count(kGoaway) == 2);
}

TEST_CASE("an idle client leaves when it is told of the drain, and the server does not wait long") {
  Pair pair;
  pair.run();
  pair.wire->ends = false;
  pair.server->drain();
  pair.run();
  CHECK(pair.client->interest().finished);
  CHECK_FALSE(pair.server->interest().finished);  // nghttp2 acknowledges no PING after its GOAWAY
  pair.pass(1s);
  CHECK(pair.server->interest().finished);
}

TEST_CASE("requests above the last stream of a GOAWAY fail as refused: they may be tried again") {
  Pair pair;
  const PairCall& first = pair.start("/1");
  const PairCall& second = pair.start("/2");
  OutputQueue out(pair.pool);
  CHECK(pair.client->produce(out, 65536, pair.clock.now()));
  const std::string bytes = frame(kSettings, 0, 0) + frame(kGoaway, 0, 0, u32(1) + u32(kNoError));
  CHECK(pair.client->receive(test::bytes_of(bytes), pair.clock.now()));
  CHECK(pair.client->draining());
  CHECK(second.receiver.failed == AbortReason::refused);
  CHECK_FALSE(first.receiver.failed);
  CHECK_FALSE(first.stream->finished());
  pair.client->abort(AbortReason::peer_gone);
  CHECK(first.receiver.failed == AbortReason::peer_gone);
  CHECK(pair.client->interest().finished);
}

TEST_CASE("a response head that is too large to send is a reset, not a silent hang") {
  Pair pair;
  ResponseHead head;
  head.headers.add("x-large", std::string(70'000, 'x'));
  pair.handler.answer = test::with_head(std::move(head), "hello");
  PairCall& call = pair.fetch("/");
  CHECK(call.receiver.failed == AbortReason::peer_reset);
  CHECK(call.receiver.wire_code == 2);
  CHECK(pair.observer.entries.size() == 1);
  CHECK(pair.pool.outstanding() == 0);
}

}  // namespace
}  // namespace troika::h2
