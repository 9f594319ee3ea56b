#include "runtime/spare_memory.h"

#include <catch2/catch_test_macros.hpp>

#include "support/sim_network.h"

using namespace troika;
using namespace std::chrono_literals;

namespace {

// A worker's connections, in virtual time.
struct Worker {
  explicit Worker(TrimPace& pace)
      : memory(timers, clock, pace, account, pool, [this] { ++trims; }) {}

  void crowd_comes_and_goes() {
    memory.look(SpareMemory::kManyConnections);
    memory.look(SpareMemory::kManyConnections / 4);
  }
  void wait(Duration time) {
    clock.advance_to(clock.now() + time);
    timers.advance_to(clock.now());
  }

  sim::SimClock clock;
  TimerQueue timers;
  Account account;
  BufferPool pool;
  int trims = 0;
  SpareMemory memory;
};

}  // namespace

TEST_CASE("A crowd has gone once a quarter of it is left, and is forgotten then") {
  constexpr std::size_t kMany = 32;
  Crowd crowd(kMany);
  CHECK_FALSE(crowd.gone(kMany - 1));
  CHECK_FALSE(crowd.gone(0));  // fewer are no crowd
  CHECK_FALSE(crowd.gone(kMany));
  CHECK_FALSE(crowd.gone(kMany / 4 + 1));
  CHECK(crowd.gone(kMany / 4));
  CHECK_FALSE(crowd.gone(0));
  CHECK_FALSE(crowd.gone(10 * kMany));
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

TEST_CASE("Memory that connections held is given back like that of a crowd") {
  for (const std::size_t held : {SpareMemory::kManyBytes - 1, SpareMemory::kManyBytes}) {
    TrimPace pace;
    Worker worker(pace);
    worker.account.add(held);
    worker.memory.look(1);
    worker.account.remove(held);
    worker.memory.look(1);
    worker.wait(SpareMemory::kMoment);
    CHECK(worker.trims == (held < SpareMemory::kManyBytes ? 0 : 1));
  }
}

TEST_CASE("What the pools keep is freed once nobody has needed it, before the allocator is asked") {
  TrimPace pace;
  Worker worker(pace);
  std::ignore = worker.pool.copy("x");
  worker.pool.blocks().give_back(worker.pool.blocks().take(100));
  REQUIRE(worker.pool.free_bytes() > 0);
  REQUIRE((worker.pool.blocks().free_bytes() > 0) == BlockPool::kKeeps);
  worker.crowd_comes_and_goes();
  for (Duration time{}; time < 2 * SpareMemory::kUnneeded; time += SpareMemory::kUnneeded) {
    CHECK(worker.pool.free_bytes() > 0);
    worker.wait(SpareMemory::kUnneeded);
  }
  CHECK(worker.pool.free_bytes() == 0);
  CHECK(worker.pool.blocks().free_bytes() == 0);
  CHECK(worker.trims == 0);
  worker.wait(SpareMemory::kUnneeded);
  CHECK(worker.trims == 1);
  CHECK(worker.timers.size() == 0);  // an idle worker is not woken
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
  first.wait(SpareMemory::kMoment);
  second.wait(SpareMemory::kMoment);
  CHECK(first.trims == 1);
  CHECK(second.trims == 0);
  second.wait(TrimPace::kInterval - 1ns);
  CHECK(second.trims == 0);
  second.wait(1ns);
  CHECK(second.trims == 1);
  CHECK(first.timers.size() + second.timers.size() == 0);
}
