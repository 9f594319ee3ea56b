#include "logs.h"
#include "packets.h"

namespace troika::test {
namespace {

const Address kElsewhere = Address::v4(0x0a000002, 8443);

// A server with two addresses, as a worker with two sockets has them.
struct TwoAddresses final : QuicWorld, DatagramSink {
  explicit TwoAddresses(quic::EndpointConfig config = endpoint_config(),
                        const Address& preferred = kElsewhere)
      : elsewhere(world.net.open(preferred)) {
    (preferred.family() == AF_INET6 ? config.preferred_v6 : config.preferred_v4) = preferred;
    start(config, server_tls(), this);
    world.join(elsewhere, *endpoint);
  }
  ~TwoAddresses() { endpoint.reset(); }

  SendOutcome send(const Datagram& datagram) override {
    return (datagram.local == elsewhere.address() ? elsewhere : port).send(datagram);
  }
  // All that the client still sends goes there.
  bool client_has_moved(ClientSide& client) {
    const std::size_t before = world.net.log().size();
    REQUIRE(ask(client, "send 1000"));
    const auto sent = std::span(world.net.log()).subspan(before);
    return std::ranges::all_of(sent, [&](const sim::Sent& each) {
      return each.from != client.port->address() || each.to == elsewhere.address();
    });
  }

  SimNetwork::Port& elsewhere;
};

TEST_CASE("A client moves to the preferred address and stays there") {
  TwoAddresses w;
  ClientSide& client = w.connect_and_establish();
  REQUIRE(w.run_until([&] { return w.endpoint->counters().paths_validated > 0; }, 10s));
  w.world.run_for(1s);
  CHECK(w.client_has_moved(client));
  CHECK(w.server_app().quic.local() == kElsewhere);
  CHECK(client.app().quic.remote() == kElsewhere);
  CHECK(within_limit(w));
}

TEST_CASE("A transfer that has begun goes on at the preferred address, whole") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    TwoAddresses w;
    const Link lossy{.loss = 0.05, .reorder = 0.05};
    ClientSide& client = w.connect(lossy);
    w.world.net.both_ways(client.port->address(), kElsewhere, lossy);
    for (std::uint64_t i = 0; i < seed; ++i) std::ignore = w.world.random.next();
    REQUIRE(w.download(client, 1000000));
    w.world.run_for(5s);
    CHECK(w.client_has_moved(client));
  }
}

TEST_CASE("A preferred address that nobody reaches costs nothing but the attempt") {
  TwoAddresses w;
  ClientSide& client = w.connect();
  w.world.net.both_ways(client.port->address(), kElsewhere, {.black_hole = true});
  REQUIRE(w.establish(client));
  REQUIRE(w.ask(client, "send 1000000"));
  w.world.run_for(10s);
  REQUIRE(w.ask(client, "send 1000"));
  CHECK(client.app().quic.remote() == w.port.address());
  CHECK(w.server_app().quic.local() == w.port.address());
}

TEST_CASE("A client that does not want to move stays, and its connection is none the worse") {
  TwoAddresses w;
  w.client_config.takes_preferred_address = false;
  ClientSide& client = w.connect_and_establish();
  REQUIRE(w.ask(client, "send 100000"));
  w.world.run_for(5s);
  CHECK_FALSE(w.client_has_moved(client));
  CHECK(client.app().quic.remote() == w.port.address());
}

TEST_CASE("A preferred address of the other family is left alone") {
  TwoAddresses w(endpoint_config(), *Address::parse("[2001:db8::1]:8443"));
  ClientSide& client = w.connect_and_establish();
  w.world.run_for(5s);
  CHECK(client.app().quic.remote() == w.port.address());
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
  TwoAddresses w(of_worker(2, 5, config));
  ClientSide& client = w.connect_and_establish();
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
  CHECK(w.close(client));
  w.inject(packet, client.port->address());  // now it is nobody's
  CHECK(w.endpoint->counters().resets_sent == 1);
}

}  // namespace
}  // namespace troika::test
