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

Config one_address() {
  Config config;
  config.listen = {test::must(Address::parse("127.0.0.1:0"))};
  return config;
}

}  // namespace

TEST_CASE("Descriptors for what workers need, with a few clients each: enough, and one too few") {
  for (const unsigned workers : {1U, 2U, 64U}) {
    Config config = one_address();
    const std::size_t needed = needed_descriptors(config, workers);
    const std::size_t least = needed + 24UL * workers;
    REQUIRE(fit_limits(config, workers, least));
    CHECK(config.limits.connections == 16);
    CHECK(config.files.open_files == 8);
    CHECK((config.limits.connections + config.files.open_files) * workers <= least - needed);
    const auto refused = fit_limits(config, workers, least - 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().contains(std::to_string(least) + " are needed"));
    CHECK(refused.error().contains("--workers"));
  }
  Config config = one_address();
  CHECK_FALSE(fit_limits(config, 64, 256));
}

TEST_CASE("With many descriptors workers share what there may be of connections and files") {
  const Config usual;
  for (const unsigned workers : {1U, 4U}) {
    Config config = one_address();
    REQUIRE(fit_limits(config, workers, 1'000'000));
    CHECK(config.limits.connections == usual.limits.connections / workers);
    CHECK(config.files.open_files == usual.files.open_files / workers);
    CHECK(config.quic.connections == usual.quic.connections / workers);
    CHECK(config.quic.half_open == usual.quic.half_open / workers);
    CHECK(config.quic.retry_above == usual.quic.retry_above / workers);
    CHECK(config.limits.handshake_notices == usual.limits.handshake_notices / workers);
  }
  Config many = one_address();
  REQUIRE(fit_limits(many, 64, 1'000'000));
  CHECK(many.limits.handshake_notices == 1);
}

TEST_CASE("What is counted for a server's descriptors is no less than what it takes") {
  const test::TemporaryFolder folder, logs;
  for (const unsigned workers : {1U, 8U}) {
    for (const bool much : {false, true}) {
      Config config = one_address();
      const auto ask = [&](Config& asked) {
        serve_files(asked).root = folder.path();
        if (much) {
          asked.listen.push_back(test::must(Address::parse("127.0.0.2:0")));
          asked.plain.push_back({test::must(Address::parse("127.0.0.1:0")), true});
          asked.log.qlog = logs.path();
          asked.log.keys = logs.path() / "keys";
          asked.quic.preferred_v4 = asked.listen.front();
          asked.quic.preferred_v4.set_port(test::must(free_port({&asked.quic.preferred_v4, 1})));
        }
      };
      ask(config);
      const std::size_t before = open_now();
      const test::LiveGroup group(workers, {}, ask);
      const std::size_t taken = open_now() - before;
      CHECK(taken <= needed_descriptors(config, workers));
      CHECK(taken >= 8 * workers);  // and the folder, once it is asked for
    }
  }
}
