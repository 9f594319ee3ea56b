#include "loop/loop.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>
#include <vector>

#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

using std::chrono::microseconds;

TEST_CASE("A loop runs until it is stopped and may run again") {
  Loop loop;
  int runs = 0;
  for (int i = 0; i < 2; ++i) {
    loop.post([&] {
      ++runs;
      loop.stop();
    });
    loop.run();
  }
  CHECK(runs == 2);
}

TEST_CASE("Tasks posted from other threads run on the loop's thread, in order") {
  constexpr int kThreads = 4;
  constexpr int kTasks = 500;
  Loop loop;
  std::vector<std::vector<int>> seen(kThreads);
  const auto home = std::this_thread::get_id();
  int total = 0;
  bool elsewhere = false;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kTasks; ++i) {
          loop.post([&, t, i] {
            seen[static_cast<std::size_t>(t)].push_back(i);
            elsewhere = elsewhere || std::this_thread::get_id() != home;
            ++total;
          });
        }
      });
    }
    CHECK(run_until(loop, [&] { return total == kThreads * kTasks; }));
  }
  CHECK_FALSE(elsewhere);
  for (const auto& tasks : seen) CHECK(std::ranges::is_sorted(tasks));
}

TEST_CASE("Timers fire in the order of their deadlines, to less than a millisecond apart") {
  Loop loop;
  std::string fired;
  const TimePoint now = loop.clock().now();
  TimePoint at_b;
  Timer a(loop.timers(), [&] { fired += 'a'; });
  Timer b(loop.timers(), [&] {
    fired += 'b';
    at_b = loop.clock().now();
  });
  Timer c(loop.timers(), [&] { fired += 'c'; });
  c.set(now + microseconds(5300));
  a.set(now + microseconds(5100));
  b.set(now + microseconds(5200));
  CHECK(run_until(loop, [&] { return fired.size() == 3; }));
  CHECK(fired == "abc");
  CHECK(at_b >= now + microseconds(5200));
}

TEST_CASE("A timer that is set earlier than the one that is armed fires first") {
  Loop loop;
  std::string fired;
  Timer late(loop.timers(), [&] { fired += 'l'; });
  Timer early(loop.timers(), [&] { fired += 'e'; });
  late.set(loop.clock().now() + std::chrono::milliseconds(30));
  loop.post([&] { early.set(loop.clock().now() + microseconds(10)); });
  CHECK(run_until(loop, [&] { return fired.size() == 2; }));
  CHECK(fired == "el");
}

TEST_CASE("A timer that was put off does not fire at the time it was armed for") {
  Loop loop;
  TimePoint fired{};
  Timer timer(loop.timers(), [&] { fired = loop.clock().now(); });
  timer.set(loop.clock().now() + microseconds(500));
  bool posted = false;
  loop.post([&] { posted = true; });
  REQUIRE(
      run_until(loop, [&] { return posted; }));  // the descriptor is armed for the first deadline
  const TimePoint later = loop.clock().now() + std::chrono::milliseconds(10);
  timer.set(later);
  CHECK(run_until(loop, [&] { return fired != TimePoint{}; }));
  CHECK(fired >= later);
}

TEST_CASE("A timer in the past fires in the next turn") {
  Loop loop;
  bool fired = false;
  Timer timer(loop.timers(), [&] { fired = true; });
  timer.set(TimePoint{});
  CHECK(run_until(loop, [&] { return fired; }));
}

TEST_CASE("A turn is poll, timers, flush, deferred deletes") {
  struct Note final : Deletable {
    explicit Note(std::string& t) : text(t) {}
    ~Note() override { text += 'd'; }
    std::string& text;
  };
  Loop loop;
  std::string order;
  Timer timer(loop.timers(), [&] { order += 't'; });
  order.clear();
  loop.set_flush([&](TimePoint now) {
    CHECK(now <= loop.clock().now());
    order += 'f';
    return false;
  });
  loop.post([&] {
    order += 'p';
    loop.deferred().later(std::make_unique<Note>(order));
    timer.set(TimePoint{});
  });
  CHECK(run_until(loop, [&] { return order.contains('d'); }));
  CHECK(order.substr(order.find('p')) == "ptfd");
}

TEST_CASE("A flush with more to do is called again without anything else happening") {
  Loop loop;
  int left = 100;
  loop.set_flush([&](TimePoint) {
    if (left > 0) --left;
    return true;
  });
  CHECK(run_until(loop, [&] { return left == 0; }));
}

TEST_CASE("What the flush decides ends a wait at once, in the first turn and in a later one") {
  for (const int turns : {1, 2, 3}) {
    Loop loop;
    int left = turns;
    loop.set_flush([&](TimePoint) { return --left > 0; });
    const TimePoint before = loop.clock().now();
    CHECK(loop.run_until([&] { return left <= 0; }, std::chrono::seconds(20)));
    CHECK(loop.clock().now() - before < std::chrono::seconds(10));
  }
}

TEST_CASE("A wait for what does not happen ends") {
  Loop loop;
  CHECK_FALSE(loop.run_until([] { return false; }, std::chrono::milliseconds(1)));
}

TEST_CASE("The time of a turn is that of its timers, and the next turn has a later one") {
  Loop loop;
  TimePoint fired;
  Timer timer(loop.timers(), [&] {
    fired = loop.turn_clock().now();
    loop.stop();
  });
  std::vector<TimePoint> turns{loop.turn_clock().now()};
  loop.set_flush([&](TimePoint now) {
    CHECK(now == loop.turn_clock().now());
    turns.push_back(now);
    return false;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const TimePoint deadline = loop.clock().now() + std::chrono::milliseconds(2);
  timer.set(deadline);
  loop.run();
  CHECK(std::ranges::adjacent_find(turns, std::greater_equal{}) == turns.end());
  CHECK(fired >= deadline);
  CHECK(turns.back() == fired);
}

}  // namespace
}  // namespace troika
