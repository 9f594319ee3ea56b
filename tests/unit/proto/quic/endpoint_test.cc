#include <set>

#include "packets.h"

namespace troika::test {
namespace {

const Bytes kId8(8, std::byte{0x11});
const Bytes kId5(5, std::byte{0x22});
const Address kStranger = stranger();

std::uint32_t version_at(const Bytes& packet, std::size_t at) {
  std::uint32_t version = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    version = version << 8U | std::to_integer<std::uint32_t>(packet[at + i]);
  }
  return version;
}

TEST_CASE("An unknown version is answered by Version Negotiation with the ids swapped") {
  QuicWorld w;
  Catcher catcher(w, kStranger);
  w.inject(long_header(0x1a2a3a4a, kId8, kId5, 1200), kStranger);
  w.world.run_for(1ms);
  REQUIRE(catcher.caught.size() == 1);
  const Bytes& answer = catcher.caught[0];
  CHECK((answer[0] & std::byte{0x80}) != std::byte{});
  CHECK(version_at(answer, 1) == 0);
  CHECK(answer[5] == std::byte{5});
  CHECK(Bytes(answer.begin() + 6, answer.begin() + 11) == kId5);
  CHECK(answer[11] == std::byte{8});
  CHECK(Bytes(answer.begin() + 12, answer.begin() + 20) == kId8);
  REQUIRE(answer.size() == 32);
  CHECK((version_at(answer, 20) & 0x0f0f0f0fU) == 0x0a0a0a0aU);  // reserved, RFC 9000 §15
  CHECK(version_at(answer, 24) == kV2);
  CHECK(version_at(answer, 28) == kV1);
  CHECK(w.endpoint->counters().versions_sent == 1);
  CHECK(w.endpoint->objects() == 0);
}

TEST_CASE("Version Negotiation answers only what is large enough, and never itself") {
  QuicWorld w;
  Catcher catcher(w, kStranger);
  const Bytes id255(255, std::byte{1});
  w.inject(long_header(0x1a2a3a4a, kId8, kId5, 1199), kStranger);
  w.inject(long_header(0, kId8, kId5, 1200), kStranger);
  w.world.run_for(1ms);
  CHECK(catcher.caught.empty());
  CHECK(w.endpoint->counters().datagrams_dropped == 2);
  w.inject(long_header(0x1a2a3a4a, id255, id255, 1200), kStranger);  // RFC 8999: up to 255 bytes
  w.world.run_for(1ms);
  CHECK(catcher.caught.size() == 1);
}

TEST_CASE("A client that starts with a reserved version says what went wrong") {
  QuicWorld w;
  w.client_config.version = 0x1a2a3a4a;
  ClientSide& client = w.connect();
  CHECK_FALSE(w.establish(client));
  CHECK(client.quic->close_reason().code == ErrorCode::protocol);
  CHECK(client.quic->close_reason().detail == "the peer does not speak our QUIC version");
  CHECK(client.log.aborted == 1);
  CHECK(w.endpoint->counters().versions_sent >= 1);
}

TEST_CASE("A short header for no connection gets a stateless reset that is smaller") {
  QuicWorld w;
  Catcher catcher(w, kStranger);
  std::size_t expected = 0;
  for (const std::size_t size :
       {std::size_t{21}, std::size_t{22}, std::size_t{43}, std::size_t{44}, std::size_t{1200}}) {
    INFO("datagram of " << size << " bytes");
    w.inject(short_header(size), kStranger);
    w.world.run_for(1ms);
    if (size > 21) ++expected;  // 21 is the smallest reset there is
    REQUIRE(catcher.caught.size() == expected);
    if (size == 21) continue;
    CHECK(catcher.caught.back().size() == std::min<std::size_t>(size - 1, 42));
    CHECK((catcher.caught.back()[0] & std::byte{0xc0}) == std::byte{0x40});
  }
  CHECK(w.endpoint->counters().resets_sent == 4);
}

TEST_CASE("Stateless replies of each kind are limited for each second") {
  const auto check = [](const Bytes& packet, std::uint64_t quic::EndpointCounters::* sent,
                        std::uint64_t limit) {
    QuicWorld w(1, endpoint_config([](auto& config) {
                  config.resets_per_second = 2;
                  config.version_negotiations_per_second = 3;
                }));
    Catcher catcher(w, kStranger);
    for (std::uint64_t i = 0; i < limit; ++i) w.inject(packet, kStranger);
    CHECK(w.endpoint->counters().*sent == limit);
    w.inject(packet, kStranger);
    CHECK(w.endpoint->counters().*sent == limit);
    CHECK(w.endpoint->counters().datagrams_dropped == 1);
    w.world.run_for(1s);
    w.inject(packet, kStranger);
    CHECK(w.endpoint->counters().*sent == limit + 1);
    w.world.run_for(1ms);
    CHECK(catcher.caught.size() == limit + 1);
  };
  check(short_header(100), &quic::EndpointCounters::resets_sent, 2);
  check(long_header(0x1a2a3a4a, kId8, kId5, 1200), &quic::EndpointCounters::versions_sent, 3);
}

TEST_CASE("Two endpoints that know nothing do not reset each other for ever") {
  QuicWorld w;
  Bytes packet = short_header(60);
  int answers = 0;
  for (; answers < 100; ++answers) {
    Catcher catcher(w, kStranger);
    w.inject(packet, kStranger);
    w.world.run_for(1ms);
    if (catcher.caught.empty()) break;
    CHECK(catcher.caught[0].size() < packet.size());
    packet = catcher.caught[0];
    packet[1] = std::byte{0};
  }
  CHECK(answers < 30);
}

TEST_CASE("An id of another worker is left alone") {
  QuicWorld w(1, of_worker(1, 4));
  for (unsigned first = 0; first < 4; ++first)
    w.inject(short_header(100, std::byte(first)), kStranger);
  CHECK(w.endpoint->counters().resets_sent == 1);
  CHECK(w.endpoint->counters().datagrams_dropped == 3);
}

TEST_CASE("Junk is dropped without an answer and without state") {
  QuicWorld w;
  Catcher catcher(w, kStranger);
  std::uint64_t count = 0;
  const auto drop = [&](const Bytes& packet) {
    w.inject(packet, kStranger);
    CHECK(w.endpoint->counters().datagrams_dropped == ++count);
  };
  drop({});
  drop(Bytes(1, std::byte{0xc0}));
  drop(Bytes(20, std::byte{0x40}));
  drop(long_header(1, kId8, kId5, 1199));                     // Initial, too small
  drop(long_header(1, Bytes(7, std::byte{1}), kId5, 1200));   // id of less than 8 bytes
  drop(long_header(1, Bytes(21, std::byte{1}), kId5, 1200));  // more than 20: not version 1
  drop(long_header(1, kId8, kId5, 1200, std::byte{0xe0}));    // Handshake
  drop(long_header(1, kId8, kId5, 1200, std::byte{0xd0}));    // 0-RTT
  drop(long_header(1, kId8, kId5, 1200, std::byte{0xf0}));    // Retry
  for (const unsigned first : {0xc0U, 0xe0U, 0xf0U}) {        // not Initial (RFC 9369 §3.2)
    drop(long_header(kV2, kId8, kId5, 1200, std::byte(first)));
  }
  w.world.run_for(1ms);
  CHECK(catcher.caught.empty());
  CHECK(w.endpoint->objects() == 0);
  CHECK(w.endpoint->counters().datagrams_in == count);
}

TEST_CASE("At the limit of connections an idle one gives way, and an active one does not") {
  QuicWorld w(1, endpoint_config([](auto& config) { config.connections = 2; }));
  ClientSide& first = w.connect_and_establish();
  ClientSide& second = w.connect_and_establish();
  w.world.run_for(1s);
  ClientSide& third = w.connect();
  REQUIRE(w.establish(third));
  w.world.run_for(1s);
  CHECK(w.endpoint->connections() == 2);
  CHECK(w.endpoint->counters().refused == 0);
  CHECK(first.log.aborted == 1);
  CHECK(first.log.ended_with == script_traits().no_error);

  for (ClientSide* const client : {&second, &third}) {
    client->app().grant_credit = false;
    client->app().ask("send 2000000");
  }
  w.world.run_for(1s);
  CHECK_FALSE(w.establish(w.connect()));
  CHECK(w.endpoint->counters().refused >= 1);
  CHECK(w.endpoint->connections() == 2);
  second.quic->close(0x100, w.world.clock.now());
  REQUIRE(w.run_until([&] { return w.endpoint->connections() == 1; }));
  CHECK(w.establish(w.connect()));
}

TEST_CASE("A datagram without a request does not make a connection less idle") {
  QuicWorld w(1, endpoint_config([](auto& config) { config.connections = 2; }));
  ClientSide& first = w.connect_and_establish();
  w.world.run_for(1s);
  ClientSide& second = w.connect_and_establish();
  w.world.run_for(1s);
  const std::uint64_t before = w.endpoint->counters().datagrams_in;
  first.app().quic.keep_alive(1s);
  w.world.run_for(2s);
  first.app().quic.keep_alive(Duration::zero());
  REQUIRE(w.endpoint->counters().datagrams_in > before);
  REQUIRE(w.establish(w.connect()));
  w.world.run_for(1s);
  CHECK(first.log.aborted == 1);
  CHECK(second.log.aborted == 0);
}

TEST_CASE("A silent address does not keep others from their handshakes") {
  QuicWorld w(1, endpoint_config([](auto& config) { config.half_open = 2; }));
  for (int i = 0; i < 3; ++i) REQUIRE(w.establish(w.connect()));
  w.world.run_for(1s);
  const auto silent_client = [&] {
    for (const Bytes& packet : first_flight(w)) w.inject(packet, kStranger);
  };
  silent_client();
  silent_client();
  CHECK(w.endpoint->objects() == 5);
  CHECK(w.endpoint->counters().refused == 0);
  silent_client();  // is sent a Retry: until its address is proven, nobody gives way for it
  CHECK(w.endpoint->objects() == 5);
  CHECK(w.endpoint->counters().retries_sent >= 1);
  CHECK(w.establish(w.connect()));
  CHECK(w.endpoint->objects() == 5);  // one of the silent two is gone
  CHECK(w.endpoint->counters().refused == 0);
  w.world.run_for(20s);  // the other one times out
  CHECK(w.endpoint->objects() == 4);
}

TEST_CASE("A connection for which ngtcp2 holds too much is closed") {
  struct {
    std::size_t most;
    bool enough;
  } constexpr kRows[] = {
      {quic::EndpointConfig{}.receive_memory, true}, {32U << 10U, true}, {256, false}};
  for (const auto& [most, enough] : kRows) {
    CAPTURE(most);
    QuicWorld w(1, endpoint_config([&](auto& config) { config.receive_memory = most; }));
    ClientSide& client = w.connect();
    w.establish(client);
    w.world.run_for(1s);
    CHECK(w.endpoint->counters().too_costly == (enough ? 0 : 1));
    CHECK((client.state() == State::established) == enough);
  }
}

TEST_CASE("Before the address is validated never more than three times the bytes go out") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    QuicWorld w(seed);
    ClientSide& client = w.connect();
    w.to_client(client).black_hole = true;  // so that only its first flights ever come
    w.world.run_for(15s);
    REQUIRE(within_limit(w));
    CHECK(w.sent_by_server() > 0);
  }
}

TEST_CASE("A buffer with datagrams of several connections is taken apart") {
  QuicWorld w;
  Bytes buffer;
  std::size_t count = 0;
  for (int i = 0; i < 3; ++i) {
    for (const Bytes& packet : first_flight(w)) {
      REQUIRE(packet.size() == 1200);
      buffer.insert(buffer.end(), packet.begin(), packet.end());
      ++count;
    }
  }
  const Bytes last = short_header(50);
  buffer.insert(buffer.end(), last.begin(), last.end());
  w.inject(buffer, kStranger, 1200);
  CHECK(w.endpoint->counters().datagrams_in == count + 1);
  CHECK(w.endpoint->counters().datagrams_dropped == 0);
  CHECK(w.endpoint->connections() == 3);
  CHECK(w.endpoint->counters().resets_sent == 1);
}

TEST_CASE("Every id that is given out names the worker") {
  QuicWorld w(1, of_worker(3, 7));
  ClientSide& client = w.connect_and_establish();
  std::set<unsigned> firsts;
  w.port.receiver = [&](const Datagram& datagram) {
    if ((datagram.bytes[0] & std::byte{0x80}) == std::byte{}) {
      firsts.insert(std::to_integer<unsigned>(datagram.bytes[1]));
    }
    w.endpoint->receive(datagram, w.world.clock.now());
  };
  for (std::uint16_t port = 50001; port <= 50003; ++port) {
    REQUIRE(w.ask(client, "send 20000"));
    w.rebind(client, port);
  }
  REQUIRE(w.ask(client, "send 20000"));
  CHECK_FALSE(firsts.empty());
  for (const unsigned first : firsts) CHECK(first % 7 == 3);
}

TEST_CASE("Many clients at once, on lossy links, all finish, and nothing is left of them") {
  QuicWorld w(11);
  for (int i = 0; i < 20; ++i) {
    w.connect({.loss = 0.05, .reorder = 0.05, .duplicate = 0.05}).app().ask("send 30000");
  }
  REQUIRE(w.run_until(
      [&] { return std::ranges::all_of(w.clients, [](auto& c) { return c->app().answered(1); }); },
      120s));
  for (auto& client : w.clients) {
    CHECK(client->app().answer().bytes == pattern(30000));
    client->quic->close(0x100, w.world.clock.now());
  }
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }, 60s));
  CHECK(w.log.aborted == w.log.made);
  CHECK(w.log.alive.empty());
}

}  // namespace
}  // namespace troika::test
