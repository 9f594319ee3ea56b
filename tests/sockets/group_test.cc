// Several workers, with one address or several, are one server.
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include "client/connections.h"
#include "os/bind.h"
#include "support/group_counts.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

Address free_address(const char* ip) {
  Address address = must(Address::parse(ip));
  address.set_port(must(free_port({&address, 1})));
  return address;
}

Address with_port(const char* ip, std::uint16_t port) {
  Address address = must(Address::parse(ip));
  address.set_port(port);
  return address;
}

// Connects so often and asks for the page once on each connection; the connections stay.
void ask(LiveClient& client, Protocol protocol, const Address& server, int times) {
  for (int i = 0; i < times; ++i) {
    CHECK(client.ask(client.connect(protocol, server)).status == 200);
  }
}

}  // namespace

TEST_CASE("connections spread over the workers, over every protocol") {
  LiveGroup group(4);
  LiveClient client;
  ask(client, Protocol::h2, group.address, 40);
  const auto connections = [](Worker& worker) -> std::uint64_t { return worker.connections(); };
  CHECK(sum(group, connections) == 40);
  CHECK(std::ranges::count(group.each<std::uint64_t>(connections), 0U) <= 1);
  ask(client, Protocol::h3, group.address, 40);
  CHECK(sum(group, accepted) == 40);
  CHECK(std::ranges::count(group.each(accepted), 0U) <= 1);
  // The kernel's filter brought every packet to its worker.
  CHECK(sum(group, forwarded) == 0);
  group.drain(*client);
}

TEST_CASE("a group of workers stops at once when it is told to, with connections open") {
  LiveGroup group(3);
  LiveClient client;
  ask(client, Protocol::h3, group.address, 6);
}

TEST_CASE("Clients go on at the preferred address, each with its worker") {
  constexpr unsigned kConnections = 20;
  const Address preferred = free_address("127.0.0.2:0");
  LiveGroup group(4, {}, [&](Config& options) { options.quic.preferred_v4 = preferred; });
  LiveClient client;
  std::vector<client::Connection*> connections;
  for (unsigned i = 0; i < kConnections; ++i) {
    connections.push_back(&client.connect(Protocol::h3, group.address));
    CHECK(client.ask(*connections.back()).status == 200);
  }
  const auto has_moved = [&](client::Connection* connection) {
    return dynamic_cast<client::QuicConnection&>(*connection).remote() == preferred;
  };
  client.wait([&] { return std::ranges::all_of(connections, has_moved); });
  for (client::Connection* const connection : connections) {
    CHECK(client.ask(*connection).status == 200);
  }
  CHECK(sum(group, accepted) == kConnections);
  CHECK(sum(group, validated) >= kConnections);
  // The kernel's filter is on the sockets of the preferred address, too.
  CHECK(sum(group, forwarded) == 0);
  group.drain(*client);
}

TEST_CASE("A preferred address that a listener on all addresses has, too, takes no socket more") {
  const Address listener = free_address("0.0.0.0:0");
  const Address preferred = with_port("127.0.0.2:0", listener.port());
  LiveGroup group(2, {}, [&](Config& options) {
    options.listen = {listener};
    options.quic.preferred_v4 = preferred;
  });
  LiveClient client;
  const auto connect = [&](const Address& server) -> client::QuicConnection& {
    client::Connection& made = client.connect(Protocol::h3, server);
    CHECK(client.ask(made).status == 200);
    return dynamic_cast<client::QuicConnection&>(made);
  };
  client::QuicConnection& connection = connect(with_port("127.0.0.1:0", listener.port()));
  client.wait([&] { return connection.remote() == preferred; });
  CHECK(client.ask(connection).status == 200);
  // Who comes there first has nowhere to go.
  CHECK(connect(preferred).remote() == preferred);
  CHECK(sum(group, validated) == 1);
  group.drain(*client);
}

TEST_CASE("Packets for any address are handed on to their worker, with the address they came to") {
  const Address second = free_address("127.0.0.2:0");
  LiveGroup group(
      4,
      [](Startup& startup) {
        const int none = 0;
        for (WorkerSockets::Secure& secure : startup.workers[0].sockets.secure) {
          REQUIRE(setsockopt(secure.udp.get(), SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none,
                             sizeof none) == 0);
        }
      },
      [&](Config& options) { options.listen.push_back(second); });
  LiveClient client;
  for (const Address& address : {group.address, second}) {
    ask(client, Protocol::h3, address, 20);
  }
  CHECK(sum(group, accepted) == 40);
  CHECK(sum(group, refused) == 0);
  CHECK(sum(group, forwarded) > 40);
  group.drain(*client);
}
