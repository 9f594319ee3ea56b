#include "server/descriptors.h"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "os/bind.h"
#include "support/live_group.h"
#include "support/live_server.h"

using namespace troika;

namespace {

std::size_t open_now() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

ServeOptions one_address() {
  ServeOptions options;
  options.listen = {test::must(Address::parse("127.0.0.1:0"))};
  return options;
}

}  // namespace

TEST_CASE("Descriptors for what workers need, with a few clients each: enough, and one too few") {
  const ServeOptions options = one_address();
  for (const unsigned workers : {1U, 2U, 64U}) {
    const std::size_t needed = needed_descriptors(options, {}, workers);
    const std::size_t least = needed + 24UL * workers;
    Limits limits;
    REQUIRE(fit_limits(limits, options, workers, least));
    CHECK(limits.connections == 16);
    CHECK(limits.open_files == 8);
    CHECK((limits.connections + limits.open_files) * workers <= least - needed);
    const auto refused = fit_limits(limits, options, workers, least - 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().contains(std::to_string(least) + " are needed"));
    CHECK(refused.error().contains("--workers"));
  }
  Limits limits;
  CHECK_FALSE(fit_limits(limits, options, 64, 256));
}

TEST_CASE("With many descriptors connections and files have as many as they may") {
  Limits limits;
  REQUIRE(fit_limits(limits, one_address(), 1, 1'000'000));
  CHECK(limits.connections == Limits{}.connections);
  CHECK(limits.open_files == Limits{}.open_files);
  REQUIRE(fit_limits(limits, one_address(), 4, 1'000'000));
  CHECK(limits.connections == Limits{}.connections / 4);
}

TEST_CASE("Of the lines on handshakes that failed each worker has its share, and one at least") {
  for (const unsigned workers : {1U, 4U, 64U}) {
    Limits limits;
    REQUIRE(fit_limits(limits, one_address(), workers, 1'000'000));
    CHECK(limits.handshake_notices == std::max(Limits{}.handshake_notices / workers, 1U));
  }
}

TEST_CASE("What is counted for a server's descriptors is no less than what it takes") {
  const test::TemporaryFolder folder, logs;
  for (const unsigned workers : {1U, 8U}) {
    for (const bool much : {false, true}) {
      ServeOptions options = one_address();
      const auto ask = [&](ServeOptions& asked) {
        asked.root = folder.path();
        if (much) {
          asked.listen.push_back(test::must(Address::parse("127.0.0.2:0")));
          asked.plain.push_back({test::must(Address::parse("127.0.0.1:0")), true});
          asked.qlog = logs.path();
          asked.key_log = logs.path() / "keys";
          asked.preferred_v4 = asked.listen.front();
          asked.preferred_v4.set_port(test::must(free_port({&asked.preferred_v4, 1})));
        }
      };
      ask(options);
      const std::size_t before = open_now();
      const test::LiveGroup group(workers, {}, ask);
      const std::size_t taken = open_now() - before;
      CHECK(taken <= needed_descriptors(options, {}, workers));
      CHECK(taken >= 8 * workers);  // and the folder, once it is asked for
    }
  }
}
