// A server that was killed and begins anew on the same port: nothing was sent when it ended.
// interop/restart.sh is the same with processes and kill -9.
#include <catch2/catch_test_macros.hpp>

#include "support/group_counts.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Rig {
  Rig() {
    SystemRandom().fill(secret);
    start();
  }
  // With the secret, and where the one before was.
  void start() {
    group.reset();
    group.emplace(
        2,
        [&](Startup& startup) {
          for (WorkerConfig& worker : startup.workers) worker.quic.secret = secret;
        },
        [&](Config& options) {
          if (listen) options.listen = {*listen};
        });
    listen = group->address;
  }
  client::Connection& connect() {
    client::Connection& connection = client.connect(client::Protocol::h3, *listen);
    CHECK(client.ask(connection).status == 200);
    return connection;
  }

  quic::Secret secret;
  std::optional<Address> listen;
  std::optional<LiveGroup> group;
  LiveClient client;
};

}  // namespace

TEST_CASE("After a restart with the same secret old connections are reset, and clients come back") {
  Rig rig;
  std::vector<client::Connection*> old;
  for (int i = 0; i < 8; ++i) old.push_back(&rig.connect());
  rig.start();
  // It was silent about its end.
  CHECK(std::ranges::none_of(old, [](const auto* connection) { return connection->closed(); }));

  for (client::Connection* const connection : old) {
    client::Fetch& fetch = rig.client.get(*connection);
    CHECK(rig.client->run_until([&] { return connection->closed(); }, std::chrono::seconds(1)));
    CHECK(connection->close_reason().detail.starts_with("stateless reset"));
    CHECK(fetch.failed());
    rig.client->drop(fetch);
  }
  CHECK(sum(*rig.group, resets) >= old.size());
  rig.connect();
  rig.group->drain(*rig.client);
}

TEST_CASE("After a restart with another secret old connections hear nothing that they believe") {
  Rig rig;
  client::Connection& old = rig.connect();
  rig.secret[0] ^= std::byte{1};
  rig.start();
  client::Fetch& fetch = rig.client.get(old);
  rig.client.wait([&] { return sum(*rig.group, resets) > 0; });
  rig.connect();
  CHECK_FALSE(old.closed());
  rig.client->drop(fetch);
  rig.group->drain(*rig.client);
}
