#include "server/certificate_watch.h"

#include <catch2/catch_test_macros.hpp>
#include <thread>

using namespace troika;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

}  // namespace

TEST_CASE("Looks at files follow each other, and what they say is said on the loop") {
  Loop loop;
  SlowThread thread(loop);
  std::vector<std::string> lines;
  int n = 0;  // of the thread
  const auto on_loop = std::this_thread::get_id();
  CertificateWatch watch(
      loop, std::chrono::milliseconds(1),
      [&] {
        return CertificateKeeper::Seen{
            .changed = nullptr,
            .lines = {std::this_thread::get_id() == on_loop ? "here" : std::to_string(++n)}};
      },
      thread, [](const tls::CertificateSet&) {},
      [&](const std::string& line) {
        if (std::this_thread::get_id() == on_loop) lines.push_back(line);
      });
  REQUIRE(loop.run_until([&] { return lines.size() >= 3; }, kPatience));
  lines.resize(3);
  CHECK(lines == std::vector<std::string>{"1", "2", "3"});
}
