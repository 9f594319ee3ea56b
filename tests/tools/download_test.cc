// The project's own client and server, with the relay between them.
#include <catch2/catch_test_macros.hpp>

#include "client/client.h"
#include "support/live_server.h"
#include "tools/live_relay.h"
#include "tools/pattern_site.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSize = 4U << 20U;

}  // namespace

TEST_CASE("a download over HTTP/3 is whole despite loss, delay and ever new ports") {
  LiveServer server([](Loop&, BufferPool&) { return pattern_site(kSize); });
  relay::Options options;
  options.listen = Address::v4(INADDR_LOOPBACK, 0);
  options.to = server.address;
  options.up.loss = options.down.loss = 0.02;
  options.up.delay = options.down.delay = 5ms;
  options.rebind_port = 200ms;
  LiveRelay relay(options);
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  client::Connection& connection =
      *must(client->connect(client::Protocol::h3, relay.address, "localhost"));
  REQUIRE(client->run_until([&] { return connection.ready(); }, 30s));
  PatternCheck check;
  client::Fetch& fetch =
      client->fetch(connection, client::make_request("GET", "localhost", "/"), nullptr,
                    [&](std::span<const std::byte> bytes) { check(bytes); });
  REQUIRE(client->run_until([&] { return fetch.done(); }, 60s));
  CHECK(!fetch.failed());
  CHECK(check.at == kSize);
  CHECK(check.same);
  const relay::Summary& summary = relay.stop();
  CHECK(summary.clients == 1);
  CHECK(summary.port_changes >= 2);
  CHECK(summary.up.lost > 0);
  CHECK(summary.down.lost > 0);
  CHECK(summary.up.overflow + summary.down.overflow == 0);
}
