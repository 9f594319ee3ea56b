// GOAWAY from either side (RFC 9114 §5.2).
#include "h3_pair.h"
#include "wire.h"

using namespace troika;
using namespace troika::test;

namespace {

// The ids of the GOAWAY frames that the server has sent.
std::vector<std::string> goaways(const FakeQuic& quic) {
  std::vector<std::string> found;
  const std::string& sent = quic.streams.at(3).sent;
  for (std::size_t at = 1; at + 1 < sent.size();) {
    const auto size = static_cast<std::size_t>(sent[at + 1]);  // all of them are short
    if (sent[at] == 7) found.push_back(sent.substr(at + 2, size));
    at += 2 + size;
  }
  return found;
}

}  // namespace

TEST_CASE("h3: drain sends two GOAWAYs, a round trip apart, and ends with the last request") {
  OpenServer raw;
  BodyProbe answer;
  raw.handler.answer = with_steps({BodyStep::blocked()}, &answer);
  raw.exchange(0, headers_frame(get_fields()), true);
  raw.app->drain();
  CHECK_FALSE(raw.app->finished());
  raw.run(false);  // nothing is acknowledged yet
  CHECK(goaways(raw.quic) == std::vector{varint((1ULL << 62U) - 4)});

  raw.send(4, headers_frame(get_fields()), true);  // was under way: it is served
  raw.run();                                       // the first GOAWAY is acknowledged
  CHECK(raw.handler.started == 2);
  CHECK(goaways(raw.quic) == std::vector{varint((1ULL << 62U) - 4), varint(8)});

  raw.exchange(8, headers_frame(get_fields()), true);
  CHECK(raw.handler.started == 2);
  CHECK(raw.quic.streams.at(8).reset_sent == kRequestRejected);
  CHECK_FALSE(raw.app->finished());
  answer.release();
  raw.run();
  raw.quic.receive_stop_sending(0, kRequestCancelled);
  raw.run();
  raw.quic.ack_all();
  CHECK(raw.app->finished());
  CHECK(raw.observer.entries.size() == 2);
  CHECK(raw.quic.bidi_granted == 0);  // for neither, though both have ended
  CHECK(raw.quic.alive());
}

TEST_CASE("h3: the second GOAWAY comes after a second when no acknowledgement does") {
  OpenServer raw;
  raw.app->drain();
  raw.run(false);
  CHECK(raw.app->deadline() == raw.clock.now() + std::chrono::seconds(1));
  raw.clock.advance(std::chrono::seconds(1));
  raw.app->on_deadline(raw.clock.now());
  raw.run(false);
  CHECK(goaways(raw.quic).size() == 2);
  CHECK(raw.app->finished());
  CHECK(raw.app->deadline() > raw.clock.now());
}

TEST_CASE("h3: a drained server serves what is in flight and the client goes elsewhere") {
  H3Pair pair;
  BodyProbe answer;
  pair.handler.answer =
      with_steps({BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b")}, &answer);
  pair.start();
  const Ask& ask = pair.fetch("GET", "/");
  pair.server_app->drain();
  pair.run();
  CHECK(pair.client_app->draining());
  RecordingReceiver receiver;
  const auto refused = pair.client_app->start(make_request("GET", "/"), nullptr, receiver);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK_FALSE(pair.server_app->finished());
  answer.release();
  pair.run();
  CHECK(ask.body == "ab");
  CHECK(ask.state == ReadState::end);
  CHECK(pair.server_app->finished());
  CHECK(pair.client_app->finished());
}

TEST_CASE("h3: draining before the handshake is over ends at once, or as soon as it is over") {
  Bench bench("h3");
  FakeQuic quic(true);
  const auto session = h3::make_session(bench.services, quic);
  session->drain();
  CHECK(session->finished());
  quic.start(*session, bench.clock.now());
  while (quic.turn(bench.clock.now())) quic.ack_all();
  CHECK(goaways(quic).size() == 2);
  CHECK(session->finished());
}

TEST_CASE("h3: a client that drains finishes its requests and is then done") {
  OpenPair pair;
  const Ask& ask = pair.ask("GET", "/");
  pair.client_app->drain();
  CHECK_FALSE(pair.client_app->finished());
  pair.run();
  CHECK(ask.body == "hello");
  CHECK(pair.client_app->finished());
  CHECK(pair.server->alive());
}
