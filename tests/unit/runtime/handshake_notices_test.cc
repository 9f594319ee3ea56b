#include "runtime/handshake_notices.h"

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <vector>

#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::uint32_t kMost = 3;

struct Desk {
  void fail(int times) {
    for (int i = 0; i < times; ++i) {
      notices->failed("TLS", Address::v4(0xc0000207, 50000), "no cipher in common");
    }
  }
  void pass(Duration time) {
    clock.advance(time);
    timers.advance_to(clock.now());
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  SimClock clock;
  TimerQueue timers;
  std::vector<std::string> lines;
  std::optional<HandshakeNotices> notices{
      std::in_place, kMost, clock, timers,
      [this](const std::string& line) { lines.push_back(line); }};
};

}  // namespace

TEST_CASE("A handshake that failed is told with the protocol, the client and the reason") {
  Desk desk;
  desk.fail(1);
  desk.notices->failed("QUIC", *Address::parse("[2001:db8::7]:4433"),
                       "the handshake took too long");
  CHECK(desk.take() ==
        std::vector<std::string>{
            "the TLS handshake of 192.0.2.7 failed: no cipher in common",
            "the QUIC handshake of 2001:db8::7 failed: the handshake took too long"});
}

TEST_CASE("So many lines come in a second, which a failure begins, and one that counts the rest") {
  Desk desk;
  desk.fail(kMost);
  CHECK(desk.take().size() == kMost);
  desk.pass(std::chrono::seconds(1));
  CHECK(desk.take().empty());

  desk.pass(std::chrono::hours(1));
  desk.fail(kMost + 1);
  CHECK(desk.take().size() == kMost);
  desk.pass(std::chrono::seconds(1) - Duration(1));
  desk.fail(1);
  CHECK(desk.take().empty());
  desk.pass(Duration(1));
  CHECK(desk.take() == std::vector<std::string>{"2 more handshakes failed within a second"});

  desk.fail(kMost + 1);
  CHECK(desk.take().size() == kMost);
  desk.pass(std::chrono::seconds(1));
  CHECK(desk.take() == std::vector<std::string>{"1 more handshakes failed within a second"});
  desk.pass(std::chrono::seconds(1));
  CHECK(desk.take().empty());
}

TEST_CASE("What was not told yet is told at the end") {
  Desk desk;
  desk.fail(kMost + 7);
  desk.take();
  desk.notices.reset();
  CHECK(desk.take() == std::vector<std::string>{"7 more handshakes failed within a second"});
  CHECK(desk.timers.size() == 0);
}
