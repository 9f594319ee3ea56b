#include "base/time.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"

using namespace troika;

namespace {
TimePoint at(long long ms) { return TimePoint(std::chrono::milliseconds(ms)); }
}  // namespace

TEST_CASE("timers fire in the order of their deadlines, not before them, and once") {
  TimerQueue queue;
  std::vector<int> fired;
  Timer a(queue, [&] { fired.push_back(1); });
  Timer b(queue, [&] { fired.push_back(2); });
  Timer c(queue, [&] { fired.push_back(3); });
  CHECK(queue.next() == kNever);
  a.set(at(30));
  b.set(at(10));
  c.set(at(20));
  CHECK(queue.next() == at(10));
  queue.advance_to(at(9));
  CHECK(fired.empty());
  queue.advance_to(at(20));
  CHECK(fired == std::vector{2, 3});
  CHECK(queue.next() == at(30));
  queue.advance_to(at(1000));
  queue.advance_to(at(2000));
  CHECK(fired == std::vector{2, 3, 1});
  CHECK(queue.size() == 0);
  CHECK(a.deadline() == kNever);
}

TEST_CASE("timers with one deadline fire in the order in which they were set") {
  TimerQueue queue;
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 50; ++i) {
    timers.push_back(std::make_unique<Timer>(queue, [&fired, i] { fired.push_back(i); }));
    timers.back()->set(at(5));
  }
  queue.advance_to(at(5));
  REQUIRE(fired.size() == 50);
  CHECK(std::ranges::is_sorted(fired));
}

TEST_CASE("a timer can be moved, cancelled and destroyed before it fires") {
  TimerQueue queue;
  int fired = 0;
  Timer moved(queue, [&] { ++fired; });
  moved.set(at(10));
  moved.set(at(50));
  CHECK(queue.next() == at(50));
  moved.set(at(20));
  CHECK(queue.next() == at(20));
  CHECK(queue.size() == 1);
  moved.cancel();
  moved.cancel();
  CHECK(queue.size() == 0);
  moved.set(at(10));
  moved.set(kNever);
  CHECK(queue.size() == 0);
  {
    Timer destroyed(queue, [&] { ++fired; });
    destroyed.set(at(1));
    CHECK(queue.size() == 1);
  }
  CHECK(queue.size() == 0);
  queue.advance_to(at(100));
  CHECK(fired == 0);
}

TEST_CASE("a timer that sets itself to a due time waits for the next turn") {
  TimerQueue queue;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(queue, [&] {
    ++fired;
    timer->set(at(1));
  });
  timer->set(at(1));
  queue.advance_to(at(10));
  CHECK(fired == 1);
  CHECK(queue.next() == at(1));
  queue.advance_to(at(10));
  CHECK(fired == 2);
}

TEST_CASE("a timer set again behind a new one that is due does not hide it from later turns") {
  TimerQueue queue;
  std::vector<int> fired;
  Timer late(queue, [&] { fired.push_back(3); });
  Timer fresh(queue, [&] { fired.push_back(2); });
  Timer first(queue, [&] {
    fired.push_back(1);
    fresh.set(at(1));  // due already and earlier than `late`
  });
  first.set(at(2));
  late.set(at(5));
  queue.advance_to(at(10));
  queue.advance_to(at(10));
  CHECK(std::ranges::count(fired, 1) == 1);
  CHECK(std::ranges::count(fired, 2) == 1);
  CHECK(std::ranges::count(fired, 3) == 1);
  CHECK(queue.size() == 0);
}

TEST_CASE("an action may cancel and destroy other timers") {
  TimerQueue queue;
  int fired = 0;
  Timer cancelled(queue, [&] { ++fired; });
  auto destroyed = std::make_unique<Timer>(queue, [&] { ++fired; });
  Timer first(queue, [&] {
    cancelled.cancel();
    destroyed.reset();
  });
  first.set(at(1));
  cancelled.set(at(1));
  destroyed->set(at(2));
  queue.advance_to(at(3));
  CHECK(fired == 0);
  CHECK(queue.size() == 0);
}

TEST_CASE("the heap keeps the earliest deadline in front through random changes") {
  TimerQueue queue;
  SeededRandom random(7);
  std::vector<std::unique_ptr<Timer>> timers;
  std::size_t fired = 0;
  for (int i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<Timer>(queue, [&fired] { ++fired; }));
  }
  for (int step = 0; step < 5000; ++step) {
    Timer& timer = *timers[random.below(timers.size())];
    if (random.chance(0.3)) {
      timer.cancel();
    } else {
      timer.set(at(static_cast<long long>(random.below(1000))));
    }
    TimePoint earliest = kNever;
    std::size_t set = 0;
    for (const auto& each : timers) {
      earliest = std::min(earliest, each->deadline());
      set += each->deadline() != kNever ? 1U : 0U;
    }
    REQUIRE(queue.next() == earliest);
    REQUIRE(queue.size() == set);
  }
  const std::size_t left = queue.size();
  queue.advance_to(at(1000));
  CHECK(fired == left);
}
