#include "loop/background.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

using std::chrono::milliseconds;

// Holds up every task that begins until it is opened, or until single ones are let through.
struct Gate {
  void pass() {
    ++begun;
    passes.acquire();
  }
  void let(std::ptrdiff_t count) { passes.release(count); }
  void open() { let(1000); }
  void wait_for_begun(int count) const {
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (begun < count && std::chrono::steady_clock::now() < late) std::this_thread::yield();
    REQUIRE(begun >= count);
  }
  std::atomic<int> begun = 0;
  std::counting_semaphore<> passes{0};
};

struct Seen {
  int alive = 0;
  std::vector<int> finished{};
  std::atomic<int> worked = 0;
};

class NumberedTask final : public Background::Task {
 public:
  using Then = std::function<void()>;
  NumberedTask(Seen& seen, int number, Gate* gate = nullptr, Then then = {}, std::uint64_t cost = 0)
      : seen_(seen), number_(number), gate_(gate), then_(std::move(then)), cost_(cost) {
    ++seen_.alive;
  }
  NumberedTask(const NumberedTask&) = delete;
  NumberedTask& operator=(const NumberedTask&) = delete;
  ~NumberedTask() override {
    CHECK(made_by_ == std::this_thread::get_id());
    --seen_.alive;
  }
  void work() noexcept override {
    if (gate_ != nullptr) gate_->pass();
    worked_by_ = std::this_thread::get_id();
    ++seen_.worked;
  }
  std::uint64_t cost() const noexcept override { return cost_; }
  void finish() override {
    CHECK(made_by_ == std::this_thread::get_id());
    CHECK(made_by_ != worked_by_);
    seen_.finished.push_back(number_);
    if (then_) then_();
  }

 private:
  Seen& seen_;
  int number_;
  Gate* gate_;
  Then then_;
  std::uint64_t cost_;
  std::thread::id made_by_ = std::this_thread::get_id();
  std::thread::id worked_by_{};
};

struct Rig {
  explicit Rig(std::size_t limit) { background.emplace(loop, limit); }
  // Also when a test has failed: no thread may stay behind a gate that goes away.
  ~Rig() {
    gate.open();
    background.reset();
    CHECK(until_freed());
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  std::unique_ptr<NumberedTask> task(int number, NumberedTask::Then then = {}) {
    return std::make_unique<NumberedTask>(seen, number, nullptr, std::move(then));
  }
  std::unique_ptr<NumberedTask> held(int number) {
    return std::make_unique<NumberedTask>(seen, number, &gate);
  }
  // So many that are held and numbered from 0.
  std::vector<std::unique_ptr<Operation>> run_held(int count) {
    std::vector<std::unique_ptr<Operation>> operations;
    for (int i = 0; i < count; ++i) operations.push_back(background->run(held(i)));
    gate.wait_for_begun(1);
    return operations;
  }
  bool until_freed() {
    return run_until(loop, [&] { return seen.alive == 0; });
  }
  bool until_finished(std::size_t count) {
    return run_until(loop, [&] { return seen.finished.size() >= count; });
  }

  Seen seen;
  Gate gate;
  Loop loop;
  std::optional<UvBackground> background;
};

// More than libuv's threads are, so that the last ones are with it and have not begun.
constexpr int kMany = 40;

}  // namespace

TEST_CASE("A task works on a thread of the pool, finishes on the loop and is freed there") {
  Rig rig(2);
  const auto operation = rig.background->run(rig.task(1));
  REQUIRE(operation);
  CHECK(rig.seen.finished.empty());  // never inside run()
  rig.background->post(rig.task(2));
  CHECK(rig.until_finished(2));
  CHECK(rig.until_freed());
}

TEST_CASE("Of the tasks that wait the smallest go first, and equal ones in order") {
  Rig rig(1);
  rig.background->post(rig.held(0));
  rig.gate.wait_for_begun(1);
  const std::vector<std::uint64_t> costs{500, 10, 500, 10, 1000, 0};
  for (std::size_t i = 0; i < costs.size(); ++i) {
    rig.background->post(std::make_unique<NumberedTask>(rig.seen, static_cast<int>(i) + 1, nullptr,
                                                        NumberedTask::Then(), costs[i]));
  }
  rig.gate.open();
  CHECK(rig.until_finished(7));
  CHECK(rig.seen.finished == std::vector{0, 6, 2, 4, 1, 3, 5});
}

TEST_CASE("A large task is overtaken by so many small ones and no more") {
  Rig rig(1);
  rig.background->post(rig.held(0));
  rig.gate.wait_for_begun(1);
  rig.background->post(
      std::make_unique<NumberedTask>(rig.seen, 1, nullptr, NumberedTask::Then(), 1000));
  for (int i = 2; i < 42; ++i) rig.background->post(rig.task(i));
  rig.gate.open();
  CHECK(rig.until_finished(42));
  REQUIRE(rig.seen.finished.size() == 42);
  CHECK(rig.seen.finished[33] == 1);
}

TEST_CASE("As many tasks as the limit are with the pool at a time, and no more") {
  Rig rig(2);
  for (int i = 0; i < 3; ++i) rig.background->post(rig.held(i));
  rig.gate.wait_for_begun(2);
  run_for(rig.loop, milliseconds(30));
  CHECK(rig.gate.begun == 2);
  rig.gate.let(1);
  CHECK(rig.until_finished(1));
  rig.gate.wait_for_begun(3);
  rig.gate.open();
  CHECK(rig.until_finished(3));
}

TEST_CASE("Tasks begin in the order they were given, by run or post") {
  Rig rig(1);
  std::vector<std::unique_ptr<Operation>> operations;
  std::vector<int> expected;
  for (int i = 0; i < 20; ++i) {
    if (i % 3 == 0) {
      rig.background->post(rig.task(i));
    } else {
      operations.push_back(rig.background->run(rig.task(i)));
    }
    expected.push_back(i);
  }
  CHECK(rig.until_finished(20));
  CHECK(rig.seen.finished == expected);
}

TEST_CASE(
    "A task that waits is freed at once when it is cancelled, and the others keep their order") {
  Rig rig(1);
  auto operations = rig.run_held(5);
  operations[2].reset();
  CHECK(rig.seen.alive == 4);
  operations[4].reset();
  CHECK(rig.seen.alive == 3);
  rig.gate.open();
  CHECK(rig.until_finished(3));
  CHECK(rig.seen.finished == std::vector<int>{0, 1, 3});
  CHECK(rig.seen.worked == 3);
}

TEST_CASE("A task that is with the pool and has not begun is freed at once when it is cancelled") {
  Rig rig(kMany);
  auto operations = rig.run_held(kMany);
  operations.pop_back();
  CHECK(rig.seen.alive == kMany - 1);
  rig.gate.open();
  CHECK(rig.until_finished(kMany - 1));
  CHECK(rig.seen.worked == kMany - 1);
}

TEST_CASE("A cancelled task that has begun is freed on the loop and gives its place on") {
  Rig rig(1);
  auto first = rig.background->run(rig.held(1));
  rig.background->post(rig.task(2));
  rig.gate.wait_for_begun(1);
  first.reset();
  CHECK(rig.seen.alive == 2);
  run_for(rig.loop, milliseconds(10));
  CHECK(rig.seen.worked == 0);  // its place is its own until it has ended
  rig.gate.open();
  CHECK(rig.until_finished(1));
  CHECK(rig.seen.finished == std::vector<int>{2});
  CHECK(rig.until_freed());
}

TEST_CASE(
    "A task whose work has ended does not finish when it is cancelled before the loop turns") {
  Rig rig(1);
  auto operation = rig.background->run(rig.task(1));
  while (rig.seen.worked == 0) std::this_thread::yield();
  operation.reset();
  CHECK(rig.until_freed());
  CHECK(rig.seen.finished.empty());
}

TEST_CASE("finish() may start another task, which comes after those that wait") {
  Rig rig(1);
  std::unique_ptr<Operation> another;
  rig.background->post(rig.task(1, [&] {
    another = rig.background->run(rig.task(3));
    rig.background->post(rig.task(4));
  }));
  rig.background->post(rig.task(2));
  CHECK(rig.until_finished(4));
  CHECK(rig.seen.finished == std::vector<int>{1, 2, 3, 4});
}

TEST_CASE("finish() may destroy its own operation") {
  Rig rig(1);
  std::unique_ptr<Operation> operation;
  operation = rig.background->run(rig.task(1, [&] { operation.reset(); }));
  CHECK(rig.until_freed());
  CHECK(rig.seen.finished.size() == 1);
}

TEST_CASE("finish() may destroy the operation of a task that waits or has ended in the same turn") {
  Rig rig(2);
  std::unique_ptr<Operation> ended;
  std::unique_ptr<Operation> waiting;
  // Whichever of the first two finishes first cancels the other one.
  std::unique_ptr<Operation> first;
  first = rig.background->run(rig.task(1, [&] {
    ended.reset();
    waiting.reset();
  }));
  ended = rig.background->run(rig.task(2, [&] {
    first.reset();
    waiting.reset();
  }));
  waiting = rig.background->run(rig.task(3));
  while (rig.seen.worked < 2) std::this_thread::yield();
  CHECK(rig.until_freed());
  CHECK(rig.seen.finished.size() == 1);
  CHECK(rig.seen.finished.front() != 3);
}

TEST_CASE("What waits when a background dies is freed, what runs never finishes") {
  Rig rig(1);
  auto operations = rig.run_held(2);
  rig.background->post(rig.held(3));
  rig.background.reset();
  CHECK(rig.seen.alive == 1);
  operations.pop_back();  // both outlive it
  rig.gate.open();
  CHECK(rig.until_freed());
  CHECK(rig.seen.finished.empty());
  CHECK(rig.seen.worked == 1);
}

TEST_CASE("What is with the pool and has not begun when a background dies is freed at once") {
  Rig rig(kMany);
  for (int i = 0; i < kMany; ++i) rig.background->post(rig.held(i));
  rig.gate.wait_for_begun(1);
  rig.background.reset();
  CHECK(rig.seen.alive < kMany);
  rig.gate.open();
  CHECK(rig.until_freed());
  CHECK(rig.seen.finished.empty());
}

TEST_CASE("finish() may destroy the background") {
  Rig rig(2);
  rig.background->post(rig.task(1, [&] { rig.background.reset(); }));
  rig.background->post(rig.held(2));
  rig.background->post(rig.held(3));
  CHECK(rig.until_finished(1));
  rig.gate.open();
  CHECK(rig.until_freed());
  CHECK(rig.seen.finished == std::vector<int>{1});
}

TEST_CASE("A loop waits for the tasks of a background that is gone") {
  Seen seen;
  Gate gate;
  {
    Loop loop;
    UvBackground background(loop, 1);
    background.post(std::make_unique<NumberedTask>(seen, 1, &gate));
    gate.wait_for_begun(1);
    gate.open();
  }
  CHECK(seen.alive == 0);
  CHECK(seen.finished.empty());
}

}  // namespace troika
