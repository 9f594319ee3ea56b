// Frames for streams that the engine has forgotten: what RFC 9113 forbids ends the connection, what
// a client may have sent before it knew does not.
#include <catch2/catch_test_macros.hpp>

#include "raw_peer.h"

namespace troika::h2 {
namespace {

constexpr std::uint32_t kProtocolError = 1, kFrameSizeError = 6;
constexpr std::uint8_t kPadded = 8;

// Streams 1 and 7 are answered to the end, 9 is reset by the server, which
// has waited long enough for the rest of its request.
void answer_three(RawPeer& peer) {
  peer.preface();
  std::ignore = peer.send(peer.get(1));
  std::ignore = peer.send(peer.get(7));
  peer.exchange(peer.headers(9, post_fields(), false));
  REQUIRE(peer.ended(1));
  REQUIRE(peer.ended(7));
  peer.clock.advance(peer.timeouts.linger);
  peer.server->on_deadline(peer.clock.now());
  peer.settle();
  REQUIRE(peer.reset_code(9) == 0U);
}

TEST_CASE("frames that no race excuses end the connection, though their stream is forgotten") {
  const std::vector<std::function<std::string(RawPeer&)>> all{
      [](RawPeer&) { return frame(kPriority, 0, 0, "12345"); },
      [](RawPeer& peer) { return peer.get(3); },
      [](RawPeer& peer) { return peer.get(5); },
      [](RawPeer&) { return frame(kData, kPadded, 1, "\x02x"); },
      [](RawPeer&) { return frame(kData, kPadded, 9, "\xffx"); },
      [](RawPeer&) { return frame(kData, kPadded, 7); },
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const bool split : {false, true}) {
      CAPTURE(i, split);
      RawPeer peer;
      answer_three(peer);
      std::string bytes = all[i](peer);
      bytes += peer.get(11);
      Status status = peer.send(split ? bytes.substr(0, 4) : bytes);
      if (split) {
        CHECK(status);
        status = peer.send(bytes.substr(4));
      }
      REQUIRE_FALSE(status);
      CHECK(status.error().code == ErrorCode::protocol);
      peer.settle();
      CHECK(peer.goaway_code() == kProtocolError);
      CHECK(peer.find(kGoaway, 0)->last_stream() == 9);
      CHECK(peer.server->interest().finished);
      CHECK(peer.handler.started == 3);
      CHECK(peer.observer.entries.size() == 3);
    }
  }
}

TEST_CASE("frames that were on their way when a stream ended are skipped") {
  RawPeer peer;
  answer_three(peer);
  std::ignore = peer.send(frame(kData, 0, 9, "more") + frame(kData, kPadded, 9, "\x01xx") +
                          peer.headers(9, {{"x-trailer", "1"}}) + frame(kPriority, 0, 3, "12345") +
                          frame(kWindowUpdate, 0, 7, u32(1)) + frame(kRstStream, 0, 7, u32(8)));
  peer.exchange(peer.get(11));
  CHECK_FALSE(peer.goaway_code());
  CHECK(peer.status(11) == "200");
}

TEST_CASE("an error that the engine finds first keeps its code") {
  RawPeer peer;
  answer_three(peer);
  peer.exchange(frame(kPing, 0, 0, "short") + frame(kPriority, 0, 0, "12345"));
  CHECK(peer.goaway_code() == kFrameSizeError);
  CHECK(peer.count(kGoaway) == 1);
}

}  // namespace
}  // namespace troika::h2
