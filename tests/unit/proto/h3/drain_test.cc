// GOAWAY from either side (RFC 9114 §5.2).
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
