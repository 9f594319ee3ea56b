#include "tls/tickets/replay_register.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "support/sim_network.h"

namespace troika {
namespace {

using namespace std::chrono_literals;
using tls::ReplayRegister;

std::array<std::byte, 32> hello(std::uint64_t number) {
  std::array<std::byte, 32> random{};
  // The last bytes, so that all are compared.
  std::memcpy(random.data() + 24, &number, sizeof number);
  return random;
}

// With a ticket that is old enough whatever the clock says.
bool admit(ReplayRegister& replays, const std::array<std::byte, 32>& random) {
  return replays.admit(random, WallTime{});
}

TEST_CASE("a ClientHello is admitted once within the window, and again after it") {
  sim::SimClock clock;
  const TimePoint start = clock.now();
  ReplayRegister replays(clock, 100, 30s);
  CHECK(admit(replays, hello(1)));
  CHECK_FALSE(admit(replays, hello(1)));
  CHECK(admit(replays, hello(2)));
  clock.advance_to(start + 30s);
  CHECK_FALSE(admit(replays, hello(1)));
  clock.advance_to(start + 30s + 1ns);
  CHECK(admit(replays, hello(1)));
  CHECK(replays.counters().accepted == 3);
  CHECK(replays.counters().replayed == 2);
  CHECK(replays.counters().rejected == 0);
}

TEST_CASE("a register that holds n ClientHellos rejects the next until the oldest is forgotten") {
  constexpr std::uint64_t kEntries = 16;
  sim::SimClock clock;
  ReplayRegister replays(clock, kEntries, 30s);
  REQUIRE(admit(replays, hello(0)));
  clock.advance_to(clock.now() + 10s);
  for (std::uint64_t i = 1; i < kEntries; ++i) REQUIRE(admit(replays, hello(i)));
  CHECK_FALSE(admit(replays, hello(kEntries)));
  CHECK_FALSE(admit(replays, hello(0)));
  CHECK(replays.counters().accepted == kEntries);
  CHECK(replays.counters().rejected == 1);
  CHECK(replays.counters().replayed == 1);
  clock.advance_to(clock.now() + 20s + 1ns);  // the first is forgotten, the others are not
  CHECK(admit(replays, hello(kEntries)));
  CHECK_FALSE(admit(replays, hello(kEntries + 1)));
}

// Its wall time can be set, as an operator or NTP does.
class SetClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return TimePoint(passed); }
  WallTime wall() const noexcept override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(passed + ahead));
  }
  Duration passed = 1h, ahead = 1000h;
};

TEST_CASE("a wall clock that is set back brings no replay in, however long ago it was seen") {
  SetClock clock;
  ReplayRegister replays(clock, 100, 30s);
  REQUIRE(admit(replays, hello(1)));
  clock.passed += 1min;  // forgotten
  clock.ahead -= 1min;
  CHECK(admit(replays, hello(2)));  // wall time is what it was
  clock.ahead -= 2s;
  CHECK(admit(replays, hello(3)));
  clock.ahead -= 1ms;
  CHECK_FALSE(admit(replays, hello(1)));
  CHECK_FALSE(admit(replays, hello(4)));
  CHECK(replays.counters().rejected == 2);
  clock.passed += 1ms;  // until it has caught up
  CHECK(admit(replays, hello(4)));
}

TEST_CASE("a ticket from the future brings no early data in") {
  SetClock clock;
  ReplayRegister replays(clock, 100, 30s);
  CHECK(replays.admit(hello(1), clock.wall() + 2s));
  CHECK_FALSE(replays.admit(hello(2), clock.wall() + 2s + 1ms));
  CHECK(replays.counters().rejected == 1);
  CHECK(replays.admit(hello(2), clock.wall()));
}

TEST_CASE("of four threads that bring the same ClientHellos, one wins each") {
  constexpr std::uint64_t kHellos = 2000;
  const SystemClock clock;
  ReplayRegister replays(clock, 4 * kHellos, 1h);
  std::atomic<std::uint64_t> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (std::uint64_t n = 0; n < kHellos; ++n) admitted += admit(replays, hello(n)) ? 1U : 0U;
      });
    }
  }
  CHECK(admitted == kHellos);
  CHECK(replays.counters().accepted == kHellos);
  CHECK(replays.counters().replayed == 3 * kHellos);
}

}  // namespace
}  // namespace troika
