#include "bench/schedule.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace troika;
using namespace troika::bench;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1h};

std::vector<Duration> all_due(Schedule& schedule, TimePoint now) {
  std::vector<Duration> due;
  while (const auto ticket = schedule.take(now)) due.push_back(ticket->due - kStart);
  return due;
}

}  // namespace

TEST_CASE("A number of requests begins exactly, and it is over when all have ended") {
  Schedule schedule({.requests = 3}, kStart);
  std::vector<Ticket> tickets;
  while (const auto ticket = schedule.take(kStart + 1s)) tickets.push_back(*ticket);
  REQUIRE(tickets.size() == 3);
  CHECK(schedule.next() == kNever);
  for (const Ticket& ticket : tickets) {
    CHECK(ticket.due == kStart + 1s);
    CHECK(!schedule.over(kStart + 1h));
    CHECK(schedule.counts(ticket, kStart + 2s));
    schedule.done(ticket);
  }
  CHECK(schedule.over(kStart + 2s));
  CHECK(schedule.end() == kNever);
}

TEST_CASE("A warm-up comes before the number of requests, and what began in it does not count") {
  Schedule schedule({.requests = 1, .warm_up = 2s}, kStart);
  CHECK(schedule.measured_from() == kStart + 2s);
  const auto before = schedule.take(kStart + 1s);
  REQUIRE(before);
  CHECK(!schedule.counts(*before, kStart + 3s));
  schedule.done(*before);
  CHECK(!schedule.over(kStart + 3s));
  const auto after = schedule.take(kStart + 2s);
  REQUIRE(after);
  CHECK(!schedule.take(kStart + 2s));
  CHECK(schedule.counts(*after, kStart + 3s));
  schedule.done(*after);
  CHECK(schedule.over(kStart + 3s));
}

TEST_CASE("Of a length, what ends in it counts, whenever it began") {
  Schedule schedule({.length = 10s, .warm_up = 1s}, kStart);
  const auto early = schedule.take(kStart);
  REQUIRE(early);
  CHECK(!schedule.counts(*early, kStart + 1s - 1ns));
  CHECK(schedule.counts(*early, kStart + 1s));
  CHECK(schedule.counts(*early, kStart + 11s - 1ns));
  CHECK(!schedule.counts(*early, kStart + 11s));
  CHECK(!schedule.over(kStart + 11s - 1ns));
  CHECK(schedule.over(kStart + 11s));
  CHECK(schedule.take(kStart + 11s - 1ns));
  CHECK(!schedule.take(kStart + 11s));
  CHECK(schedule.unfinished(kStart + 11s) == 0);  // there is always one that has just begun
}

TEST_CASE("At a rate requests are due at even distances, and none begins before it is") {
  Schedule schedule({.length = 1h, .rate = 4}, kStart);
  CHECK(all_due(schedule, kStart) == std::vector<Duration>{0ns});
  CHECK(schedule.next() == kStart + 250ms);
  CHECK(all_due(schedule, kStart + 250ms - 1ns).empty());
  CHECK(all_due(schedule, kStart + 250ms) == std::vector<Duration>{250ms});
  // After a pause all that became due begins, with the time it was due.
  CHECK(all_due(schedule, kStart + 1s) == std::vector<Duration>{500ms, 750ms, 1000ms});
}

TEST_CASE("A rate that does not divide a second does not drift") {
  Schedule schedule({.rate = 3}, kStart);
  const auto due = all_due(schedule, kStart + 1000s);
  REQUIRE(due.size() == 3001);
  for (std::size_t i = 0; i < due.size(); i += 3) {
    CHECK(due[i] == std::chrono::seconds(i / 3));
  }
}

TEST_CASE("Threads take turns with the requests of a rate") {
  std::vector<Duration> due;
  for (const std::uint64_t part : {0U, 1U, 2U}) {
    Schedule schedule({.rate = 10, .part = part, .parts = 3}, kStart);
    for (const Duration one : all_due(schedule, kStart + 2900ms)) due.push_back(one);
  }
  std::ranges::sort(due);
  REQUIRE(due.size() == 30);
  for (std::size_t i = 0; i < due.size(); ++i) CHECK(due[i] == i * 100ms);
}

TEST_CASE("A rate and a number, with a warm-up: what is due after it is counted and numbered") {
  Schedule schedule({.requests = 5, .warm_up = 1s, .rate = 10}, kStart);
  const auto due = all_due(schedule, kStart + 1min);
  REQUIRE(due.size() == 15);
  CHECK(due.back() == 1400ms);
  CHECK(!schedule.counts({kStart + 900ms}, kStart + 2s));
  CHECK(schedule.counts({kStart + 1s}, kStart + 2s));
}

TEST_CASE("What was due and has not ended is told") {
  Schedule rated({.length = 1s, .rate = 10}, kStart);
  const auto first = rated.take(kStart);
  REQUIRE(first);
  rated.done(*first);
  REQUIRE(rated.take(kStart + 100ms));
  CHECK(rated.unfinished(kStart + 500ms) == 4);  // one in flight, those of 200 to 400 ms
  CHECK(rated.unfinished(kStart + 1h) == 9);     // none is due at the end

  Schedule numbered({.requests = 7}, kStart);
  numbered.done(*numbered.take(kStart));
  CHECK(numbered.unfinished(kStart + 1s) == 6);
}
