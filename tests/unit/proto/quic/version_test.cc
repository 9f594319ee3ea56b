#include "packets.h"

namespace troika::test {
namespace {

quic::EndpointConfig config_of(bool upgrades, bool retries = false) {
  auto config = retries ? with_retry(0) : endpoint_config();
  config.upgrade_version = upgrades;
  return config;
}

void speak(QuicWorld& w, std::uint32_t first, std::vector<std::uint32_t> offered) {
  w.client_config.version = first;
  w.client_config.versions = std::move(offered);
}

struct Client {
  const char* name;
  std::uint32_t first;
  std::vector<std::uint32_t> offered;
  int begins_with, upgraded_to;
};

TEST_CASE("A connection keeps the version of its first Initial, or goes to 2 where that is on") {
  const std::vector<Client> clients{
      {"1 alone", kV1, {}, 1, 1},
      {"1 alone, saying so", kV1, {kV1}, 1, 1},
      {"begins with 1, likes 2", kV1, {kV2, kV1}, 1, 2},
      {"begins with 1 and likes it", kV1, {kV1, kV2}, 1, 2},
      {"2 alone", kV2, {}, 2, 2},
      {"begins with 2 and likes it", kV2, {kV2, kV1}, 2, 2},
      {"begins with 2, likes 1", kV2, {kV1, kV2}, 2, 2},
  };
  for (const Client& each : clients) {
    for (const auto& [upgrade, retry] :
         {std::pair(false, false), {false, true}, {true, false}, {true, true}}) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO(each.name << (retry ? ", with Retry" : "") << (upgrade ? ", upgraded" : "")
                       << ", seed " << seed);
        const int ends_with = upgrade ? each.upgraded_to : each.begins_with;
        QuicWorld w(seed, config_of(upgrade, retry));
        speak(w, each.first, each.offered);
        ClientSide& client = w.connect_and_establish({.jitter = 3ms, .loss = 0.1, .reorder = 0.1});
        REQUIRE(within_limit(w));
        REQUIRE(w.download(client, 20000));
        REQUIRE(client.app().quic.security().quic_version == ends_with);
        REQUIRE(w.server_app().quic.security().quic_version == ends_with);
        if (retry) REQUIRE(w.endpoint->counters().retries_sent > 0);
        REQUIRE(w.endpoint->counters().versions_sent == 0);
        REQUIRE(w.close(client));
      }
    }
  }
}

TEST_CASE("The move from version 1 to 2 costs no round trip") {
  const auto time_of = [](std::vector<std::uint32_t> offered) {
    QuicWorld w(1, config_of(true));
    speak(w, kV1, std::move(offered));
    const TimePoint start = w.world.clock.now();
    REQUIRE(w.establish(w.connect()));
    return w.world.clock.now() - start;
  };
  CHECK(time_of({kV2, kV1}) == time_of({kV1}));
}

// A Version Negotiation that knows the ids, as somebody on the path can make it.
Bytes negotiation(std::span<const std::byte> first, std::vector<std::uint32_t> versions) {
  const std::size_t dcid_bytes = std::to_integer<std::size_t>(first[5]);
  const std::size_t scid_bytes = std::to_integer<std::size_t>(first[6 + dcid_bytes]);
  const auto dcid = first.subspan(6, dcid_bytes), scid = first.subspan(7 + dcid_bytes, scid_bytes);
  Bytes packet = long_header(0, {scid.begin(), scid.end()}, {dcid.begin(), dcid.end()},
                             7 + dcid_bytes + scid_bytes);
  for (const std::uint32_t version : versions) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) packet.push_back(std::byte(version >> shift));
  }
  return packet;
}

// Runs a client against whose first packet the attacker's answer comes first.
ClientSide& attacked(QuicWorld& w, std::vector<std::uint32_t> versions) {
  ClientSide& client = w.connect();
  bool done = false;
  w.port.receiver = [&](const Datagram& datagram) {
    if (!std::exchange(done, true)) {
      client.quic->receive({.local = datagram.remote,
                            .remote = datagram.local,
                            .bytes = negotiation(datagram.bytes, versions)},
                           w.world.clock.now());
    }
    w.endpoint->receive(datagram, w.world.clock.now());
  };
  w.establish(client);
  REQUIRE(done);
  w.world.run_for(1s);
  return client;
}

TEST_CASE("A forged Version Negotiation brings no client down to a version it likes less") {
  QuicWorld w(1, config_of(true));
  speak(w, kV1, {kV2, kV1});
  SECTION("what names the client's own version is no answer to it") {
    ClientSide& client = attacked(w, {kV1});
    CHECK(client.state() == State::established);
    CHECK(client.app().quic.security().quic_version == 2);
  }
  SECTION("the client gives up rather than begin again with another version") {
    speak(w, kV2, {kV2, kV1});
    ClientSide& client = attacked(w, {kV1});
    CHECK(client.state() == State::closed);
    CHECK(client.quic->close_reason().detail == "the peer does not speak our QUIC version");
    for (const sim::Sent& each : w.world.net.log()) {
      if (each.from == client.port->address()) CHECK(each.at == w.world.net.log().front().at);
    }
  }
}

TEST_CASE("A Version Negotiation that comes after the server's first packet is too late") {
  QuicWorld w;
  speak(w, kV2, {kV2, kV1});
  ClientSide& client = w.connect();
  Bytes sent;
  w.port.receiver = [&](const Datagram& datagram) {
    if (sent.empty()) sent.assign(datagram.bytes.begin(), datagram.bytes.end());
    w.endpoint->receive(datagram, w.world.clock.now());
  };
  REQUIRE(w.establish(client));
  client.quic->receive({.local = client.port->address(),
                        .remote = w.port.address(),
                        .bytes = negotiation(sent, {kV1})},
                       w.world.clock.now());
  REQUIRE(w.ask(client, "still there"));
  CHECK(client.app().quic.security().quic_version == 2);
}

TEST_CASE("A NEW_TOKEN token of one version does not spare the Retry in the other") {
  for (const bool upgraded : {false, true}) {
    QuicWorld w(1, config_of(upgraded, true));
    const Address home = Address::v4(0x0a000500, 40000);
    if (upgraded) speak(w, kV1, {kV2, kV1});
    ClientSide& first_visit = w.connect_from(home);
    REQUIRE(w.establish(first_visit));
    w.keep_token(first_visit);
    for (const std::uint32_t version : {kV1, kV2}) {
      INFO("token of version " << (upgraded ? 2 : 1) << ", used in " << version);
      speak(w, version, {});
      const auto before = w.endpoint->counters().retries_sent;
      REQUIRE(w.establish(w.connect_from(with_port(home, version == kV1 ? 1 : 2))));
      const bool retried = w.endpoint->counters().retries_sent != before;
      CHECK(retried == (upgraded == (version == kV1)));
    }
  }
}

TEST_CASE("A connection of version 2 moves with its client, and a stateless reset ends it") {
  QuicWorld w;
  speak(w, kV2, {});
  ClientSide& client = w.connect();
  REQUIRE(w.ask(client, "send 20000"));
  w.rebind(client, 50000);
  REQUIRE(w.ask(client, "send 20000"));
  REQUIRE(w.run_until([&] { return w.endpoint->counters().paths_validated > 0; }));
  w.start(endpoint_config());
  client.app().ask("still there?");
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }, 2s));
  CHECK(client.quic->close_reason().detail.starts_with("stateless reset"));
}

}  // namespace
}  // namespace troika::test
