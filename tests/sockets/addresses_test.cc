// A server with several addresses is one server to QUIC.
#include <catch2/catch_test_macros.hpp>

#include "client/client.h"
#include "client/connections.h"
#include "os/bind.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

std::uint64_t accepted(Worker& worker) { return worker.quic().accepted; }
std::uint64_t validated(Worker& worker) { return worker.quic().paths_validated; }
std::uint64_t forwarded(Worker& worker) { return worker.quic().forwarded; }

std::uint64_t sum(const std::vector<std::uint64_t>& all) {
  std::uint64_t total = 0;
  for (const std::uint64_t one : all) total += one;
  return total;
}

Address free_address(const char* ip) {
  Address address = must(Address::parse(ip));
  address.set_port(must(free_port({&address, 1})));
  return address;
}

struct Caller {
  client::Connection& connect(const Address& server) {
    client::Connection* const connection =
        must(client->connect(client::Protocol::h3, server, "localhost"));
    REQUIRE(client->run_until([&] { return connection->ready(); }, kPatience));
    return *connection;
  }
  void ask(client::Connection& connection) {
    client::Fetch& fetch = client->fetch(connection, client::make_request("GET", "localhost", "/"));
    REQUIRE(client->run_until([&] { return fetch.done(); }, kPatience));
    CHECK(fetch.status() == 200);
    client->drop(fetch);
  }

  std::unique_ptr<client::Client> client = must(client::Client::make({test_certificate().ca_file}));
};

}  // namespace

TEST_CASE("Clients go on at the preferred address, each with its worker") {
  constexpr unsigned kConnections = 20;
  const Address preferred = free_address("127.0.0.2:0");
  LiveGroup group(4, {}, [&](Config& options) { options.quic.preferred_v4 = preferred; });
  Caller caller;
  std::vector<client::Connection*> connections;
  for (unsigned i = 0; i < kConnections; ++i) {
    connections.push_back(&caller.connect(group.address));
    caller.ask(*connections.back());
  }
  const auto has_moved = [&](client::Connection* connection) {
    return dynamic_cast<client::QuicConnection&>(*connection).remote() == preferred;
  };
  REQUIRE(caller.client->run_until([&] { return std::ranges::all_of(connections, has_moved); },
                                   kPatience));
  for (client::Connection* const connection : connections) caller.ask(*connection);
  CHECK(sum(group.each(accepted)) == kConnections);
  CHECK(sum(group.each(validated)) >= kConnections);
  // The kernel's filter is on the sockets of the preferred address, too.
  CHECK(sum(group.each(forwarded)) == 0);
  group.drain(*caller.client);
}

TEST_CASE("A preferred address that a listener on all addresses has, too, takes no socket more") {
  Address listener = free_address("0.0.0.0:0");
  Address preferred = must(Address::parse("127.0.0.2:0"));
  preferred.set_port(listener.port());
  LiveGroup group(2, {}, [&](Config& options) {
    options.listen = {listener};
    options.quic.preferred_v4 = preferred;
  });
  Caller caller;
  Address first = must(Address::parse("127.0.0.1:0"));
  first.set_port(listener.port());
  auto& connection = dynamic_cast<client::QuicConnection&>(caller.connect(first));
  caller.ask(connection);
  REQUIRE(caller.client->run_until([&] { return connection.remote() == preferred; }, kPatience));
  caller.ask(connection);
  // Who comes there first has nowhere to go.
  auto& other = dynamic_cast<client::QuicConnection&>(caller.connect(preferred));
  caller.ask(other);
  CHECK(other.remote() == preferred);
  CHECK(sum(group.each(validated)) == 1);
  group.drain(*caller.client);
}

TEST_CASE("Packets for any address are handed on to their worker, with the address they came to") {
  const Address second = free_address("127.0.0.2:0");
  LiveGroup group(
      4,
      [](Startup& startup) {
        const int none = 0;
        for (WorkerConfig::Secure& secure : startup.workers[0].secure) {
          REQUIRE(setsockopt(secure.udp.get(), SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none,
                             sizeof none) == 0);
        }
      },
      [&](Config& options) { options.listen.push_back(second); });
  Caller caller;
  for (const Address& address : {group.address, second}) {
    for (int i = 0; i < 10; ++i) caller.ask(caller.connect(address));
  }
  CHECK(sum(group.each(accepted)) == 20);
  CHECK(sum(group.each(forwarded)) > 20);
  group.drain(*caller.client);
}
