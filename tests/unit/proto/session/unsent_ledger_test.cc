#include "proto/session/unsent_ledger.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <vector>

using namespace troika;

namespace {

// What each stream is credited with when `bytes` leave.
struct Left {
  std::map<int, std::size_t> bodies;
  std::vector<int> ends;

  void take(UnsentLedger<int>& ledger, std::size_t bytes) {
    ledger.sent(
        bytes, [&](int stream, std::size_t n) { bodies[stream] += n; },
        [&](int stream) { ends.push_back(stream); });
  }
};

}  // namespace

TEST_CASE("A stream is credited with its content alone, and its end comes when all of it left") {
  UnsentLedger<int> ledger;
  Left left;
  ledger.add_control(9);
  ledger.add_body(1, 100);
  ledger.add_control(9);
  ledger.add_body(3, 50);
  ledger.add_end(3);
  left.take(ledger, 59);
  CHECK(left.bodies == std::map<int, std::size_t>{{1, 50}});
  left.take(ledger, 50 + 9 + 49);
  CHECK(left.bodies == std::map<int, std::size_t>{{1, 100}, {3, 49}});
  CHECK(left.ends.empty());
  left.take(ledger, 1);
  CHECK(left.ends == std::vector<int>{3});
}

TEST_CASE("Nothing is lost or moved while parts leave and come, however many wait") {
  for (const int waiting : {1, 7, 1000}) {
    UnsentLedger<int> ledger;
    Left left;
    constexpr int kMore = 3000;
    for (int i = 0; i < waiting + kMore; ++i) {
      ledger.add_control(9);
      ledger.add_body(i + 1, 10);  // 0 stands for no stream
      ledger.add_end(i + 1);
      if (i >= waiting) left.take(ledger, 19);
    }
    REQUIRE(left.ends.size() == kMore);
    for (int i = 0; i < kMore; ++i) {
      REQUIRE(left.ends[static_cast<std::size_t>(i)] == i + 1);
      REQUIRE(left.bodies[i + 1] == 10);
    }
  }
}

TEST_CASE("What is left of a stream that has gone is of none") {
  UnsentLedger<int> ledger;
  Left left;
  ledger.add_body(1, 10);
  ledger.add_end(1);
  ledger.add_body(2, 10);
  ledger.add_body(1, 10);
  left.take(ledger, 4);
  ledger.forget(1);
  left.take(ledger, 26);
  CHECK(left.bodies == std::map<int, std::size_t>{{1, 4}, {2, 10}});
  CHECK(left.ends.empty());
  ledger.add_body(2, 10);
  ledger.add_end(3);
  ledger.forget_all();
  left.take(ledger, 10);
  CHECK(left.bodies == std::map<int, std::size_t>{{1, 4}, {2, 10}});
  CHECK(left.ends.empty());
}
