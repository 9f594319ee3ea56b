#include "base/pace.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;
using namespace std::chrono_literals;

namespace {

constexpr Duration kPatience = 30s;
constexpr TimePoint kStart{1h};

}  // namespace

TEST_CASE("Pace: waiting uses up the patience, each byte gives back its share") {
  Pace pace(100);
  pace.restart(kStart);
  CHECK(pace.due(kPatience) == kStart + 30s);
  pace.moved(500, kStart + 20s);
  CHECK(pace.due(kPatience) == kStart + 35s);
  pace.moved(0, kStart + 25s);  // not even time passes
  CHECK(pace.due(kPatience) == kStart + 35s);
}

TEST_CASE("Pace: bytes give back the patience and no more, however many they are") {
  for (const std::uint64_t bytes :
       {std::uint64_t{2000}, std::uint64_t{1'000'000}, ~std::uint64_t{0}}) {
    Pace pace(100);
    pace.restart(kStart);
    pace.moved(bytes, kStart + 20s);
    CHECK(pace.due(kPatience) == kStart + 50s);
  }
}

TEST_CASE("Pace: at the rate nothing is used up, below it all is in the end") {
  for (const std::uint32_t least : {1U, 240U, 1'000'000U}) {
    Pace at(least), below(least);
    at.restart(kStart);
    below.restart(kStart);
    TimePoint now = kStart, later = kStart;
    for (int i = 0; i < 2999; ++i) {
      at.moved(least, now += 1s);
      below.moved(least, later += 1010ms);
      REQUIRE(later < below.due(kPatience));
    }
    CHECK(at.due(kPatience) >= now + kPatience - 1s);
    CHECK(below.due(kPatience) < later + 1010ms);
  }
}

TEST_CASE("Pace: time that is not its own uses up nothing") {
  Pace pace(100);
  pace.restart(kStart);
  pace.moved(100, kStart + 20s);
  pace.resume(kStart + 1h);
  CHECK(pace.due(kPatience) == kStart + 1h + 11s);
  pace.resume(kStart);  // not backwards
  CHECK(pace.due(kPatience) == kStart + 1h + 11s);
  pace.excuse(kStart + 30min);
  CHECK(pace.due(kPatience) == kStart + 1h + 11s);
  pace.excuse(kStart + 2h);
  CHECK(pace.due(kPatience) == kStart + 2h + 30s);
}

TEST_CASE("Pace: without a rate any byte gives back all") {
  Pace pace;
  pace.restart(kStart);
  pace.moved(1, kStart + 29s);
  CHECK(pace.due(kPatience) == kStart + 59s);
}
