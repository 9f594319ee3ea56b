// The conditions, with a virtual clock and a seed.
#include "tools/network/path.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace troika;
using namespace troika::network;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1h};
constexpr std::size_t kSize = 1200;
constexpr int kMany = 100'000;

Path path(const PathOptions& options, std::uint64_t seed = 1) { return {options, seed, kStart}; }

// So many datagrams, one each millisecond.
std::vector<Verdict> run(Path path, int count, std::size_t bytes = kSize) {
  std::vector<Verdict> all;
  for (int i = 0; i < count; ++i) all.push_back(path.take(bytes, kStart + i * 1ms));
  return all;
}

auto share_of(const std::vector<Verdict>& all, auto&& what) {
  return static_cast<double>(std::ranges::count_if(all, what)) / static_cast<double>(all.size());
}

std::vector<TimePoint> dues(const std::vector<Verdict>& all) {
  std::vector<TimePoint> times;
  for (const Verdict& verdict : all) times.push_back(verdict.due);
  return times;
}

bool passes(const Verdict& verdict) { return verdict.dropped == Dropped::no; }

}  // namespace

TEST_CASE("a path without conditions passes everything at once") {
  for (const Verdict& verdict : run(path({}), 1)) {
    CHECK(passes(verdict));
    CHECK(verdict.due == kStart);
    CHECK(!verdict.corrupt_at);
    CHECK((!verdict.reordered && !verdict.duplicated));
  }
}

TEST_CASE("the loss is what was asked for, and the same seed loses the same") {
  const auto all = run(path({.loss = 0.05}), kMany);
  const double lost = share_of(all, [](const Verdict& v) { return v.dropped == Dropped::lost; });
  CHECK(lost > 0.047);
  CHECK(lost < 0.053);
  const auto same = [](const Verdict& a, const Verdict& b) { return a.dropped == b.dropped; };
  CHECK(std::ranges::equal(all, run(path({.loss = 0.05}), kMany), same));
  CHECK(!std::ranges::equal(all, run(path({.loss = 0.05}, 2), kMany), same));
}

TEST_CASE("so many are lost in a row as the burst allows, and not one more") {
  const auto certain = run(path({.loss = 1, .burst = 3}), 12);
  for (std::size_t i = 0; i < certain.size(); ++i) CHECK(passes(certain[i]) == (i % 4 == 3));
  std::size_t longest = 0, in_a_row = 0;
  for (const Verdict& verdict : run(path({.loss = 0.5, .burst = 3}), kMany)) {
    in_a_row = passes(verdict) ? 0 : in_a_row + 1;
    longest = std::max(longest, in_a_row);
  }
  CHECK(longest == 3);
}

TEST_CASE("the delay is exact, and jitter stays in its bounds and keeps the order") {
  for (const Verdict& verdict : run(path({.delay = 50ms}), 1)) CHECK(verdict.due == kStart + 50ms);
  const auto all = run(path({.delay = 50ms, .jitter = 20ms}), kMany);
  CHECK(std::ranges::is_sorted(dues(all)));
  Duration least = 1h, most{};
  for (int i = 0; i < kMany; ++i) {
    const Duration took = all[static_cast<std::size_t>(i)].due - (kStart + i * 1ms);
    least = std::min(least, took);
    most = std::max(most, took);
  }
  CHECK(least >= 50ms);
  CHECK(most <= 70ms);
  CHECK(most > 65ms);
}

TEST_CASE("what is reordered falls behind those that came after it") {
  const auto all = run(path({.reorder = 0.1, .delay = 5ms}), kMany);
  const double share = share_of(all, [](const Verdict& v) { return v.reordered; });
  CHECK(share > 0.095);
  CHECK(share < 0.105);
  for (int i = 0; i < kMany; ++i) {
    const Verdict& verdict = all[static_cast<std::size_t>(i)];
    REQUIRE(verdict.due == kStart + i * 1ms + 5ms + (verdict.reordered ? kReorderLag : 0ms));
  }
}

TEST_CASE("duplicates and corruption are as many as asked for; a flip changes a byte in bounds") {
  const auto all = run(path({.duplicate = 0.02, .corrupt = 0.03}), kMany, 40);
  const double twice = share_of(all, [](const Verdict& v) { return v.duplicated; });
  const double bad = share_of(all, [](const Verdict& v) { return v.corrupt_at.has_value(); });
  CHECK(twice > 0.018);
  CHECK(twice < 0.022);
  CHECK(bad > 0.0275);
  CHECK(bad < 0.0325);
  std::vector<bool> hit(40);
  for (const Verdict& verdict : all) {
    if (!verdict.corrupt_at) continue;
    REQUIRE(*verdict.corrupt_at < 40);
    REQUIRE(verdict.flip != std::byte{0});
    hit[*verdict.corrupt_at] = true;
  }
  CHECK(std::ranges::all_of(hit, [](bool b) { return b; }));
}

TEST_CASE("a rate spaces the datagrams out") {
  Path line = path({.bits = 9'600'000, .queue = {10}});  // 1200 bytes: 1 ms
  for (int i = 1; i <= 10; ++i) CHECK(line.take(kSize, kStart).due == kStart + i * 1ms);
  CHECK(line.take(600, kStart).dropped == Dropped::queue_full);
  // One has left, so one fits; after a pause the line is free at once.
  CHECK(line.take(600, kStart + 1ms).due == kStart + 10500us);
  CHECK(line.take(1, kStart + 1ms).dropped == Dropped::queue_full);
  CHECK(line.take(kSize, kStart + 1s).due == kStart + 1001ms);
}

TEST_CASE("a queue of bytes takes n of them, with those on the line, and not n + 1") {
  Path line = path({.bits = 8'000'000, .queue = {.packets = 0, .bytes = 3000}});  // 1 us each
  CHECK(line.take(1500, kStart).due == kStart + 1500us);
  CHECK(line.take(1501, kStart).dropped == Dropped::queue_full);
  CHECK(line.take(1500, kStart).due == kStart + 3000us);
  CHECK(line.take(1, kStart).dropped == Dropped::queue_full);
  // The first counts until its last bit has left.
  CHECK(line.take(1, kStart + 1500us - 1ns).dropped == Dropped::queue_full);
  CHECK(line.take(1501, kStart + 1500us).dropped == Dropped::queue_full);
  CHECK(line.take(1500, kStart + 1500us).due == kStart + 4500us);
}

TEST_CASE("a busy line has exactly its rate, even one that divides nothing") {
  Path line = path({.bits = 7'000'003, .queue = {.packets = 0, .bytes = 0}});
  std::uint64_t bits = 0;
  TimePoint due{};
  for (int i = 0; i < kMany; ++i) {
    const std::size_t bytes = 40 + static_cast<std::size_t>(i) % 1461;
    bits += bytes * 8;
    due = line.take(bytes, kStart).due;
  }
  CHECK((due - kStart).count() == static_cast<Duration::rep>(bits * 1'000'000'000 / 7'000'003));
}

TEST_CASE("over a second a rate passes what it is, however much comes") {
  Path line = path({.bits = 1'000'000, .queue = {25}});
  std::uint64_t bits = 0;
  for (int i = 0; i < 10'000; ++i) {  // 10 times the rate
    const Verdict verdict = line.take(125, kStart + i * 100us);
    if (passes(verdict) && verdict.due < kStart + 1s) bits += std::uint64_t{125} * 8;
  }
  CHECK(bits > 990'000);
  CHECK(bits <= 1'000'000);
}

TEST_CASE("an mtu lets n bytes pass and n + 1 not, and may shrink later") {
  Path small = path({.mtu = 1400, .changes = {{2s, 1200}, {1s, 1300}}});
  const auto most = [&](Duration at, std::size_t bytes) {
    CHECK(small.take(bytes, kStart + at).dropped == Dropped::no);
    CHECK(small.take(bytes + 1, kStart + at).dropped == Dropped::too_big);
  };
  most(0s, 1400);
  most(999ms, 1400);
  most(1s, 1300);
  most(2s, 1200);
  most(1h, 1200);
}

TEST_CASE("a black hole begins and ends when it should") {
  Path once = path({.outages = {{5s, 2s}}});
  const auto open = [](Path& p, Duration at) { return passes(p.take(kSize, kStart + at)); };
  CHECK(open(once, 4999ms));
  CHECK(!open(once, 5s));
  CHECK(!open(once, 6999ms));
  CHECK(open(once, 7s));
  Path again = path({.cycle = Cycle{.closed = 2s, .open = 8s}});
  CHECK(open(again, 0s));
  CHECK(open(again, 7999ms));
  CHECK(!open(again, 8s));
  CHECK(!open(again, 9999ms));
  CHECK(open(again, 10s));
  CHECK(!open(again, 18s));
}

TEST_CASE("datagrams are dropped by their number") {
  const auto all = run(path({.numbers = {{2, 3}, {5, 5}}}), 6);
  std::vector<std::size_t> gone;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].dropped == Dropped::number) gone.push_back(i + 1);
  }
  CHECK(gone == std::vector<std::size_t>{2, 3, 5});
}

TEST_CASE("ECN bits are kept, cleared or set to CE, and CE only where ECN is in use") {
  const auto after = [](EcnRule rule, Ecn ecn) { return path({.ecn = rule}).ecn_of(ecn); };
  for (const Ecn ecn : {Ecn::not_ect, Ecn::ect0, Ecn::ect1, Ecn::ce}) {
    CHECK(after(EcnRule::keep, ecn) == ecn);
    CHECK(after(EcnRule::bleach, ecn) == Ecn::not_ect);
    CHECK(after(EcnRule::ce, ecn) == (ecn == Ecn::not_ect ? Ecn::not_ect : Ecn::ce));
  }
}
