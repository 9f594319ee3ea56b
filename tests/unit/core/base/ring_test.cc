#include "base/ring.h"

#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <memory>

#include "base/random.h"

using namespace troika;

TEST_CASE("a ring gives back in order what was put in, and lets go of it at once") {
  SeededRandom random(3);
  Ring<std::shared_ptr<int>, 2> ring;
  std::deque<std::shared_ptr<int>> same;
  for (int i = 0; i < 5000; ++i) {
    if (same.empty() || random.chance(0.502)) {
      same.push_back(std::make_shared<int>(i));
      CHECK(*ring.push_back(same.back()) == i);
    } else {
      const std::shared_ptr<int> first = same.front();
      same.pop_front();
      REQUIRE(ring.front() == first);
      ring.pop_front();
      REQUIRE(first.use_count() == 1);
    }
    REQUIRE(ring.size() == same.size());
    if (same.empty()) continue;
    REQUIRE(ring.back() == same.back());
    REQUIRE(ring[same.size() / 2] == same[same.size() / 2]);
  }
  ring.clear();
  CHECK(ring.empty());
  for (const auto& each : same) CHECK(each.use_count() == 1);
}
