// The two buckets, apart from any protocol.
#include "proto/session/conduct.h"

#include <catch2/catch_test_macros.hpp>

namespace troika {
namespace {

using Verdict = Conduct::Verdict;
using namespace std::chrono_literals;

struct Judge {
  Limits limits;
  Misconduct counts;
  Conduct conduct{limits, counts};
  TimePoint now{1h};

  void faults(int count) {
    for (int i = 0; i < count; ++i) conduct.fault(now);
  }
};

TEST_CASE("Conduct: 150 faults at once are enough to leave, and 201 to end") {
  Judge judge;
  judge.faults(149);
  CHECK(judge.conduct.verdict() == Verdict::fine);
  judge.faults(1);
  CHECK(judge.conduct.verdict() == Verdict::leave);
  judge.faults(50);
  CHECK(judge.conduct.verdict() == Verdict::leave);
  judge.faults(1);
  CHECK(judge.conduct.verdict() == Verdict::end);
  CHECK(judge.counts.faults == 201);
  CHECK(judge.counts.drained == 1);
  CHECK(judge.counts.ended == 1);
}

TEST_CASE("Conduct: 7,500 glitches at once are enough to leave, and 10,001 to end") {
  for (const std::size_t each : {1U, 100U, 2500U}) {
    Judge judge;
    const auto glitches = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; i += each) {
        judge.conduct.glitches(std::min(each, count - i), judge.now);
      }
    };
    glitches(7499);
    CHECK(judge.conduct.verdict() == Verdict::fine);
    glitches(1);
    CHECK(judge.conduct.verdict() == Verdict::leave);
    glitches(2500);
    CHECK(judge.conduct.verdict() == Verdict::leave);
    glitches(1);
    CHECK(judge.conduct.verdict() == Verdict::end);
  }
}

TEST_CASE("Conduct: what is done at the rate that is allowed goes on for ever") {
  Judge judge;
  for (int second = 0; second < 3600; ++second) {
    judge.faults(20);
    judge.conduct.glitches(330, judge.now);
    judge.now += 1s;
  }
  CHECK(judge.conduct.verdict() == Verdict::fine);
  // One more each second fills the bucket in the end.
  int seconds = 0;
  for (; seconds < 1000 && judge.conduct.verdict() != Verdict::end; ++seconds) {
    judge.faults(21);
    judge.now += 1s;
  }
  CHECK(seconds > 150);
  CHECK(seconds < 200);
}

// Somebody clicks through pages and cancels the hundred requests of each.
TEST_CASE("Conduct: three pages of a hundred cancelled requests a second are no offence") {
  Judge judge;
  for (int i = 0; i < 3 * 3600; ++i, judge.now += 334ms) judge.conduct.glitches(100, judge.now);
  CHECK(judge.conduct.verdict() == Verdict::fine);
}

// Go's client reads 4 KiB at a time and says so twice, of the stream and of the connection.
TEST_CASE("Conduct: what follows from what we send is no glitch, how fast it may be") {
  Judge judge;
  for (int frame = 0; frame < 1'000'000; ++frame) {
    judge.conduct.sent(16384, false);
    judge.conduct.follow_ups(8, judge.now);
  }
  CHECK(judge.counts.glitches == 0);
  for (int request = 0; request < 1'000'000; ++request) {  // small ones, and a PING for each
    judge.conduct.sent(0, true);
    judge.conduct.sent(100, true);
    judge.conduct.follow_ups(4, judge.now);
  }
  CHECK(judge.counts.glitches == 0);
  // A window of one byte at a time.
  for (int i = 0; i < 10'001; ++i) {
    judge.conduct.sent(1, false);
    judge.conduct.follow_ups(1, judge.now);
  }
  CHECK(judge.counts.glitches > 0);
}

TEST_CASE("Conduct: causes do not add up without end") {
  Judge judge;
  for (int i = 0; i < 1000; ++i) judge.conduct.sent(1U << 20U, false);
  judge.conduct.follow_ups(judge.limits.glitches.burst, judge.now);
  CHECK(judge.counts.glitches == 0);
  judge.conduct.follow_ups(1, judge.now);
  CHECK(judge.counts.glitches == 1);
}

TEST_CASE("Conduct: the third head that is too large ends it, other refusals are faults") {
  Judge judge;
  judge.conduct.refused(0, judge.now);
  judge.conduct.refused(501, judge.now);
  CHECK(judge.counts.faults == 0);
  judge.conduct.refused(400, judge.now);
  judge.conduct.refused(431, judge.now);
  judge.conduct.too_large();
  CHECK(judge.counts.faults == 2);
  CHECK(judge.conduct.verdict() == Verdict::fine);
  judge.conduct.refused(431, judge.now);
  CHECK(judge.conduct.verdict() == Verdict::end);
}

}  // namespace
}  // namespace troika
