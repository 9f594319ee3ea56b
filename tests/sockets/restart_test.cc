// A server that was killed and begins anew on the same port: nothing was sent when it ended.
// interop/restart.sh is the same with processes and kill -9.
#include <catch2/catch_test_macros.hpp>

#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr Duration kPatience = 20s;

std::uint64_t resets(Worker& worker) { return worker.quic().resets_sent; }

// `listen` is where the one before was, and `secret` what it had.
LiveGroup& start(std::optional<LiveGroup>& group, const std::optional<Address>& listen,
                 const quic::Secret& secret) {
  group.reset();
  return group.emplace(
      2,
      [&](Startup& startup) {
        for (WorkerConfig& worker : startup.workers) worker.quic.secret = secret;
      },
      [&](Config& options) {
        if (listen) options.listen = {*listen};
      });
}

client::Connection& connect(client::Client& client, const Address& server) {
  client::Connection& connection = *must(client.connect(client::Protocol::h3, server, "localhost"));
  REQUIRE(client.run_until([&] { return connection.ready(); }, kPatience));
  client::Fetch& fetch = client.fetch(connection, client::make_request("GET", "localhost", "/"));
  REQUIRE(client.run_until([&] { return fetch.done(); }, kPatience));
  CHECK(fetch.status() == 200);
  client.drop(fetch);
  return connection;
}

}  // namespace

TEST_CASE("After a restart with the same secret old connections are reset, and clients come back") {
  quic::Secret secret;
  SystemRandom().fill(secret);
  std::optional<LiveGroup> group;
  const Address address = start(group, std::nullopt, secret).address;
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  std::vector<client::Connection*> old;
  for (int i = 0; i < 8; ++i) old.push_back(&connect(*client, address));
  start(group, address, secret);
  // It was silent about its end.
  CHECK(std::ranges::none_of(old, [](const auto* connection) { return connection->closed(); }));

  for (client::Connection* const connection : old) {
    client::Fetch& fetch =
        client->fetch(*connection, client::make_request("GET", "localhost", "/"));
    CHECK(client->run_until([&] { return connection->closed(); }, 1s));
    CHECK(connection->close_reason().detail.starts_with("stateless reset"));
    CHECK(fetch.failed());
    client->drop(fetch);
  }
  const auto sent = group->each(resets);
  CHECK(sent[0] + sent[1] >= old.size());
  connect(*client, address);
  group->drain(*client);
}

TEST_CASE("After a restart with another secret old connections hear nothing that they believe") {
  quic::Secret secret;
  SystemRandom().fill(secret);
  std::optional<LiveGroup> group;
  const Address address = start(group, std::nullopt, secret).address;
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  client::Connection& old = connect(*client, address);
  secret[0] ^= std::byte{1};
  start(group, address, secret);
  client::Fetch& fetch = client->fetch(old, client::make_request("GET", "localhost", "/"));
  REQUIRE(client->run_until([&] { return group->each(resets) != std::vector<std::uint64_t>{0, 0}; },
                            kPatience));
  connect(*client, address);
  CHECK_FALSE(old.closed());
  client->drop(fetch);
  group->drain(*client);
}
