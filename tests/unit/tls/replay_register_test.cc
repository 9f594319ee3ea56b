#include "tls/replay_register.h"

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

TEST_CASE("a ClientHello is admitted once within the window, and again after it") {
  sim::SimClock clock;
  const TimePoint start = clock.now();
  ReplayRegister replays(clock, 100, 30s);
  CHECK(replays.admit(hello(1)));
  CHECK_FALSE(replays.admit(hello(1)));
  CHECK(replays.admit(hello(2)));
  clock.advance_to(start + 30s);
  CHECK_FALSE(replays.admit(hello(1)));
  clock.advance_to(start + 30s + 1ns);
  CHECK(replays.admit(hello(1)));
  CHECK(replays.counters().accepted == 3);
  CHECK(replays.counters().replayed == 2);
  CHECK(replays.counters().rejected == 0);
}

TEST_CASE("a register that holds n ClientHellos rejects the next until the oldest is forgotten") {
  constexpr std::uint64_t kEntries = 16;
  sim::SimClock clock;
  ReplayRegister replays(clock, kEntries, 30s);
  REQUIRE(replays.admit(hello(0)));
  clock.advance_to(clock.now() + 10s);
  for (std::uint64_t i = 1; i < kEntries; ++i) REQUIRE(replays.admit(hello(i)));
  CHECK_FALSE(replays.admit(hello(kEntries)));
  CHECK_FALSE(replays.admit(hello(0)));
  CHECK(replays.counters().accepted == kEntries);
  CHECK(replays.counters().rejected == 1);
  CHECK(replays.counters().replayed == 1);
  clock.advance_to(clock.now() + 20s + 1ns);  // the first is forgotten, the others are not
  CHECK(replays.admit(hello(kEntries)));
  CHECK_FALSE(replays.admit(hello(kEntries + 1)));
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
        for (std::uint64_t n = 0; n < kHellos; ++n) admitted += replays.admit(hello(n)) ? 1U : 0U;
      });
    }
  }
  CHECK(admitted == kHellos);
  CHECK(replays.counters().accepted == kHellos);
  CHECK(replays.counters().replayed == 3 * kHellos);
}

}  // namespace
}  // namespace troika
