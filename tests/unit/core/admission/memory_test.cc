#include "admission/memory.h"

#include <catch2/catch_test_macros.hpp>
#include <chrono>

namespace troika {
namespace {

using namespace std::chrono_literals;
using State = MemoryBudget::State;

constexpr std::size_t kMost = 8U << 20U;

struct Held final : MemoryHolder {
  Held(std::size_t size, Duration still) : bytes(size), since(TimePoint(1h) - still) {}
  std::size_t held() const noexcept override { return bytes; }
  TimePoint progress_at() const noexcept override { return since; }
  void shed() noexcept override { gone = true; }
  std::size_t bytes;
  TimePoint since;
  bool gone = false;
};

}  // namespace

TEST_CASE("memory: scarce beyond seven eighths of all workers' parts, spent beyond all") {
  MemoryBudget budget(kMost, 2);
  MemoryPart one(budget), two(budget);
  one.report(kMost / 2);
  two.report(kMost / 8 * 3);
  CHECK(budget.held() == kMost / 8 * 7);
  CHECK(budget.state() == State::ample);
  two.report(kMost / 8 * 3 + (64U << 10U));
  CHECK(budget.state() == State::scarce);
  two.report(kMost / 2);
  CHECK(budget.state() == State::scarce);
  two.report(kMost / 2 + (64U << 10U));
  CHECK(budget.state() == State::spent);
  CHECK(one.excess() == 0);  // it has only its share
  CHECK(two.excess() == kMost / 16 + (64U << 10U));
  two.report(0);
  CHECK(budget.state() == State::ample);
  CHECK(two.excess() == 0);
}

TEST_CASE("memory: a worker that ends gives its part back") {
  MemoryBudget budget(kMost, 1);
  {
    MemoryPart(budget).report(kMost);
  }
  CHECK(budget.held() == 0);
}

TEST_CASE("memory: small changes are told when they have added up") {
  MemoryBudget budget(kMost, 1);
  MemoryPart part(budget);
  part.report((64U << 10U) - 1);
  CHECK(budget.held() == 0);
  part.report(64U << 10U);
  CHECK(budget.held() == 64U << 10U);
}

TEST_CASE("memory: the most bytes and the least progress go first, and no more than needed") {
  Held busy(900'000, 0s), slow(300'000, 9s), small(1000, 20s), large(2'000'000, 0s);
  CHECK(shed({&busy, &slow, &small, &large}, 2'300'000, TimePoint(1h)) == 2);
  CHECK(slow.gone);
  CHECK(large.gone);
  CHECK(!busy.gone);
  CHECK(!small.gone);
  CHECK(shed({&busy, &small}, 900'001, TimePoint(1h)) == 2);
  CHECK(shed({}, 1, TimePoint(1h)) == 0);
}

}  // namespace troika
