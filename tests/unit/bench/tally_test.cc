#include "bench/tally.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;
using namespace troika::bench;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMedian = 500'000, kP999 = 999'000;

}  // namespace

TEST_CASE("A quantile of any size is off by less than one in a hundred") {
  for (std::uint64_t value = 1; value < (1ULL << 61U); value += value / 3 + 1) {
    Histogram histogram;
    const Duration one(static_cast<Duration::rep>(value));
    // Three values, so that neither min nor max bounds the one in the middle.
    histogram.add(0ns);
    histogram.add(one);
    histogram.add(2 * one);
    const Duration::rep off = (histogram.quantile(kMedian) - one).count();
    CAPTURE(value, off);
    CHECK(std::abs(off) <= one.count() / 100);
    CHECK(histogram.min() == 0ns);
    CHECK(histogram.max() == 2 * one);
  }
}

TEST_CASE("A quantile is the value of its rank") {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.add(100ns);
  histogram.add(1s);
  CHECK(histogram.quantile(kP999) == 100ns);  // the 999th of 1000
  CHECK(histogram.quantile(999'001) == 1s);   // more than 999 of them
  CHECK(histogram.quantile(1'000'000) == 1s);
  CHECK(histogram.quantile(0) == 100ns);
  CHECK(histogram.count() == 1000);
  CHECK(histogram.mean() == (999 * 100ns + 1s) / 1000);
}

TEST_CASE("Without values all of a histogram is zero, and what is below zero counts as that") {
  Histogram histogram;
  CHECK(histogram.quantile(kMedian) == 0ns);
  CHECK(histogram.min() == 0ns);
  CHECK(histogram.mean() == 0ns);
  histogram.add(-5ns);
  CHECK(histogram.count() == 1);
  CHECK(histogram.max() == 0ns);
  histogram.add(Duration::max());
  CHECK(histogram.quantile(1'000'000) > Duration::max() / 100 * 99);
}

TEST_CASE("Histograms of two threads make the one of both") {
  Histogram first, second, both;
  for (int i = 1; i <= 1000; ++i) {
    (i % 3 == 0 ? first : second).add(i * 1us);
    both.add(i * 1us);
  }
  first.add(second);
  first.add(Histogram());
  CHECK(first.count() == both.count());
  CHECK(first.min() == 1us);
  CHECK(first.max() == 1000us);
  for (const std::uint64_t at : {kMedian, kP999}) CHECK(first.quantile(at) == both.quantile(at));
}

TEST_CASE("A tally counts responses by class, and those of an error status as trouble as well") {
  Tally tally;
  tally.response(200, 10, 1ms);
  tally.response(304, 0, 1ms);
  tally.response(404, 5, 1ms);
  tally.response(599, 0, 1ms);
  tally.trouble(Trouble::reset, "lost");
  CHECK(tally.requests == 4);
  CHECK(tally.bytes == 15);
  CHECK(tally.statuses == std::array<std::uint64_t, 5>{0, 1, 1, 1, 1});
  CHECK(tally.of(Trouble::status) == 2);
  CHECK(tally.all_troubles() == 3);
  CHECK(tally.good() == 2);
}

TEST_CASE("The tallies of two threads are added, and the first reason stays") {
  Tally first, second;
  first.threads = second.threads = 1;
  first.length = 1s;
  second.length = 2s;
  first.cpu = second.cpu = 500ms;
  first.connections = second.connections = 3;
  first.unfinished = 1;
  first.response(200, 1, 1ms);
  second.response(200, 2, 3ms);
  second.trouble(Trouble::connect, "refused");
  first.add(second);
  second.trouble(Trouble::connect, "no way");
  first.add(second);
  CHECK(first.requests == 3);
  CHECK(first.bytes == 5);
  CHECK(first.length == 2s);
  CHECK(first.cpu == 1500ms);
  CHECK(first.connections == 9);
  CHECK(first.unfinished == 1);
  CHECK(first.threads == 3);
  CHECK(first.of(Trouble::connect) == 3);
  CHECK(first.reasons[static_cast<std::size_t>(Trouble::connect)] == "refused");
  CHECK(first.latency.count() == 3);
}
