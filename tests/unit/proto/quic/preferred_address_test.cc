#include <catch2/catch_test_macros.hpp>

#include "logs.h"
#include "packets.h"

namespace troika::test {
namespace {

const Address kElsewhere = Address::v4(0x0a000002, 8443);

// A server with two addresses, as a worker with two sockets has them.
class TwoAddresses final : public DatagramSink {
 public:
  explicit TwoAddresses(quic::EndpointConfig config = endpoint_config(),
                        const Address& preferred = kElsewhere)
      : elsewhere(w.world.net.open(preferred)) {
    if (preferred.family() == AF_INET6) config.preferred_v6 = preferred;
    if (preferred.family() == AF_INET) config.preferred_v4 = preferred;
    w.world.leave(w.port);
    w.endpoint = std::make_unique<quic::Endpoint>(
        config, w.world.clock, w.world.random, *this, server_tls(),
        quic::ApplicationFactory{w.traits, [this](quic::QuicStreams& q) {
                                   return std::make_unique<ScriptApp>(q, true, w.log);
                                 }});
    w.world.join(w.port, *w.endpoint);
    w.world.join(elsewhere, *w.endpoint);
  }
  TwoAddresses(const TwoAddresses&) = delete;
  TwoAddresses& operator=(const TwoAddresses&) = delete;
  ~TwoAddresses() {
    w.world.leave(w.port);
    w.world.leave(elsewhere);
    w.endpoint.reset();
  }

  SendOutcome send(const Datagram& datagram) override {
    return (datagram.local == elsewhere.address() ? elsewhere : w.port).send(datagram);
  }
  // All that the client still sends goes there.
  bool client_has_moved(const ClientSide& client) {
    const std::size_t before = w.world.net.log().size();
    REQUIRE(w.ask(*w.clients.at(0), "send 1000"));
    const auto sent = std::span(w.world.net.log()).subspan(before);
    return std::ranges::all_of(sent, [&](const sim::Sent& each) {
      return each.from != client.port->address() || each.to == elsewhere.address();
    });
  }

  QuicWorld w;
  SimNetwork::Port& elsewhere;
};

TEST_CASE("A client moves to the preferred address and stays there") {
  TwoAddresses server;
  ClientSide& client = server.w.connect();
  REQUIRE(server.w.establish(client));
  REQUIRE(
      server.w.run_until([&] { return server.w.endpoint->counters().paths_validated > 0; }, 10s));
  server.w.world.run_for(1s);
  CHECK(server.client_has_moved(client));
  CHECK(server.w.server_app().quic.local() == kElsewhere);
  CHECK(client.app().quic.remote() == kElsewhere);
  CHECK(within_limit(server.w));
}

TEST_CASE("A transfer that has begun goes on at the preferred address, whole") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    TwoAddresses server;
    Link lossy;
    lossy.loss = 0.05;
    lossy.reorder = 0.05;
    ClientSide& client = server.w.connect(lossy);
    server.w.world.net.both_ways(client.port->address(), kElsewhere, lossy);
    for (std::uint64_t i = 0; i < seed; ++i) std::ignore = server.w.world.random.next();
    client.app().ask("send 1000000");
    REQUIRE(server.w.run_until([&] { return client.app().answered(1); }));
    CHECK(client.app().answer().bytes == pattern(1000000));
    server.w.world.run_for(5s);
    CHECK(server.client_has_moved(client));
  }
}

TEST_CASE("A preferred address that nobody reaches costs nothing but the attempt") {
  TwoAddresses server;
  ClientSide& client = server.w.connect();
  Link dead;
  dead.black_hole = true;
  server.w.world.net.both_ways(client.port->address(), kElsewhere, dead);
  REQUIRE(server.w.establish(client));
  REQUIRE(server.w.ask(client, "send 1000000"));
  server.w.world.run_for(10s);
  REQUIRE(server.w.ask(client, "send 1000"));
  CHECK(client.app().quic.remote() == server.w.port.address());
  CHECK(server.w.server_app().quic.local() == server.w.port.address());
}

TEST_CASE("A client that does not want to move stays, and its connection is none the worse") {
  TwoAddresses server;
  server.w.client_config.takes_preferred_address = false;
  ClientSide& client = server.w.connect();
  REQUIRE(server.w.establish(client));
  REQUIRE(server.w.ask(client, "send 100000"));
  server.w.world.run_for(5s);
  CHECK_FALSE(server.client_has_moved(client));
  CHECK(client.app().quic.remote() == server.w.port.address());
}

TEST_CASE("A preferred address of the other family is left alone") {
  TwoAddresses server(endpoint_config(), *Address::parse("[2001:db8::1]:8443"));
  ClientSide& client = server.w.connect();
  REQUIRE(server.w.establish(client));
  server.w.world.run_for(5s);
  CHECK(client.app().quic.remote() == server.w.port.address());
}

TEST_CASE("Who has come by the preferred address is not told of it") {
  for (const bool there : {true, false}) {
    Logs logs;
    auto config = endpoint_config();
    config.qlog = &logs;
    config.preferred_v4 = Address::v4(0x0a000001, there ? 443 : 444);
    config.preferred_v6 = *Address::parse("[2001:db8::1]:443");
    QuicWorld w(1, config);
    REQUIRE(w.establish(w.connect()));
    CHECK(parameters_of(*logs.all.at(0)).contains("preferred_address") != there);
  }
}

TEST_CASE("The id that goes with the preferred address is one of the connection's") {
  Logs logs;
  auto config = endpoint_config();
  config.qlog = &logs;
  config.worker = 2;
  config.workers = 5;
  TwoAddresses server(config);
  QuicWorld& w = server.w;
  ClientSide& client = w.connect();
  REQUIRE(w.establish(client));
  const Json offered = parameters_of(*logs.all.at(0)).at("preferred_address");
  CHECK(offered.at("ip_v4") == "0a000002");
  CHECK(offered.at("port_v4") == 8443);
  const auto id = offered.at("connection_id").get<std::string>();
  REQUIRE(id.size() == 24);
  Bytes packet = short_header(100);
  for (std::size_t i = 0; i < 12; ++i) {
    packet[1 + i] = std::byte(std::stoul(id.substr(2 * i, 2), nullptr, 16));
  }
  CHECK(std::to_integer<unsigned>(packet[1]) % 5 == 2);  // it names the worker
  w.inject(packet, client.port->address());
  CHECK(w.endpoint->counters().resets_sent == 0);
  client.quic->close(0x100, w.world.clock.now());
  w.world.run_for(10s);
  CHECK(w.endpoint->objects() == 0);
  w.inject(packet, client.port->address());  // now it is nobody's
  CHECK(w.endpoint->counters().resets_sent == 1);
}

}  // namespace
}  // namespace troika::test
