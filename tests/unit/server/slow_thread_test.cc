#include "server/slow_thread.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <future>

using namespace troika;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

}  // namespace

TEST_CASE("Tasks of the slow thread run in order, elsewhere, and end on the loop") {
  Loop loop;
  SlowThread thread(loop);
  const auto here = std::this_thread::get_id();
  std::string done;
  for (const char name : {'a', 'b', 'c'}) {
    thread.post([&, name] {
      const bool elsewhere = std::this_thread::get_id() != here;
      return [&, name, elsewhere] {
        if (elsewhere && std::this_thread::get_id() == here) done.push_back(name);
      };
    });
  }
  thread.post([] { return SlowThread::Then(); });
  CHECK(loop.run_until([&] { return done.size() == 3; }, kPatience));
  CHECK(done == "abc");
}

// A network file system whose server is gone.
TEST_CASE("A task that does not come back holds up neither the loop nor the end") {
  static std::promise<void> begun, release;  // as the thread outlives the test
  static std::atomic<int> tasks = 0;
  Loop loop;
  bool heard = false;
  {
    SlowThread thread(loop);
    thread.post([&] {
      ++tasks;
      begun.set_value();
      loop.post([] {});  // which wakes it
      release.get_future().wait();
      return [&] { heard = true; };
    });
    thread.post([] {
      ++tasks;
      return SlowThread::Then();
    });
    const auto began = begun.get_future();
    REQUIRE(loop.run_until(
        [&] { return began.wait_for(Duration::zero()) == std::future_status::ready; }, kPatience));
    loop.run_until([] { return false; }, std::chrono::milliseconds(20));
  }
  release.set_value();
  loop.run_until([] { return false; }, std::chrono::milliseconds(20));
  CHECK_FALSE(heard);
  CHECK(tasks == 1);
}
