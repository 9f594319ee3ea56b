#include "server/certificate_watch.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <future>

#include "runtime/worker_group.h"

using namespace troika;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

}  // namespace

TEST_CASE("Looks at files follow each other, and what they say is said on the loop") {
  Loop loop;
  WorkerGroup nobody({}, [] {});
  std::vector<std::string> lines;
  const auto on_loop = std::this_thread::get_id();
  CertificateWatch watch(
      loop, std::chrono::milliseconds(1),
      [&, n = 0]() mutable {
        return CertificateKeeper::Seen{
            .changed = nullptr,
            .lines = {std::this_thread::get_id() == on_loop ? "here" : std::to_string(++n)}};
      },
      nobody,
      [&](const std::string& line) {
        if (std::this_thread::get_id() == on_loop) lines.push_back(line);
      });
  REQUIRE(loop.run_until([&] { return lines.size() >= 3; }, kPatience));
  lines.resize(3);
  CHECK(lines == std::vector<std::string>{"1", "2", "3"});
}

// A network file system whose server is gone.
TEST_CASE("A look that does not come back holds up neither the loop nor the end") {
  static std::promise<void> begun, release;  // as the thread outlives the test
  static std::atomic<int> looks = 0;
  Loop loop;
  WorkerGroup nobody({}, [] {});
  bool heard = false;
  {
    CertificateWatch watch(
        loop, std::chrono::milliseconds(1),
        [&loop] {
          ++looks;
          begun.set_value();
          loop.post([] {});  // which wakes it
          release.get_future().wait();
          return CertificateKeeper::Seen{.changed = nullptr, .lines = {"late"}};
        },
        nobody, [&](const std::string&) { heard = true; });
    const auto began = begun.get_future();
    REQUIRE(loop.run_until(
        [&] { return began.wait_for(Duration::zero()) == std::future_status::ready; }, kPatience));
    loop.run_until([] { return false; }, std::chrono::milliseconds(20));
  }
  release.set_value();
  loop.run_until([] { return false; }, std::chrono::milliseconds(20));
  CHECK_FALSE(heard);
  CHECK(looks == 1);
}
