#include "runtime/spare_memory.h"

#include <catch2/catch_test_macros.hpp>

#include "support/sim_network.h"

using namespace troika;
using namespace std::chrono_literals;

namespace {

// A worker's connections, in virtual time.
struct Worker {
  explicit Worker(TrimPace& pace) : memory(timers, clock, pace, [this] { ++trims; }) {}

  void crowd_comes_and_goes() {
    memory.look(Crowd::kMany);
    memory.look(Crowd::kMany / 4);
  }
  void wait(Duration time) {
    clock.advance_to(clock.now() + time);
    timers.advance_to(clock.now());
  }

  sim::SimClock clock;
  TimerQueue timers;
  int trims = 0;
  SpareMemory memory;
};

}  // namespace

TEST_CASE("A crowd has gone once a quarter of it is left, and is forgotten then") {
  Crowd crowd;
  CHECK_FALSE(crowd.gone(Crowd::kMany - 1));
  CHECK_FALSE(crowd.gone(0));  // fewer are no crowd
  CHECK_FALSE(crowd.gone(Crowd::kMany));
  CHECK_FALSE(crowd.gone(Crowd::kMany / 4 + 1));
  CHECK(crowd.gone(Crowd::kMany / 4));
  CHECK_FALSE(crowd.gone(0));
  CHECK_FALSE(crowd.gone(10 * Crowd::kMany));
  CHECK(crowd.gone(0));
}

TEST_CASE("Memory is given back a moment after a crowd has gone, once") {
  TrimPace pace;
  Worker worker(pace);
  worker.wait(1h);
  CHECK(worker.trims == 0);
  worker.crowd_comes_and_goes();
  worker.wait(SpareMemory::kMoment - 1ns);
  CHECK(worker.trims == 0);
  worker.wait(1ns);
  CHECK(worker.trims == 1);
  worker.wait(1h);
  CHECK(worker.trims == 1);
}

TEST_CASE("Crowds that come and go all the time neither put it off nor make it frequent") {
  TrimPace pace;
  Worker worker(pace);
  for (int i = 0; i < 600; ++i) {
    worker.crowd_comes_and_goes();
    worker.wait(100ms);
  }
  CHECK(worker.trims == 6);  // in a minute
}

TEST_CASE("Workers take turns in giving memory back, and each gets one") {
  TrimPace pace;
  Worker first(pace), second(pace);
  first.crowd_comes_and_goes();
  second.crowd_comes_and_goes();
  first.wait(1s);
  second.wait(1s);
  CHECK(first.trims == 1);
  CHECK(second.trims == 0);
  second.wait(TrimPace::kInterval - 1ns);
  CHECK(second.trims == 0);
  second.wait(1ns);
  CHECK(second.trims == 1);
  CHECK(first.timers.size() + second.timers.size() == 0);
}
