// Floods of first packets that begin no handshake: each has cost a connection all the same.
#include <catch2/catch_test_macros.hpp>

#include "packets.h"
#include "proto/quic/admission.h"
#include "tls/context/client_context.h"

namespace troika::test {
namespace {

constexpr std::size_t kThreshold = 4;

quic::EndpointConfig with_retry(std::size_t above = kThreshold) {
  auto config = endpoint_config();
  config.retry_above = above;
  return config;
}

Address flooder(std::size_t i) {
  return Address::v4(0x0a000300, static_cast<std::uint16_t>(1024 + i));
}

using MakePacket = std::function<Bytes(QuicWorld&)>;

Bytes later_part(QuicWorld& w) {
  static const tls::ClientContext* const tls = &client_tls();
  return first_flight(w, *tls).at(1);
}

Bytes undecryptable(QuicWorld& w) {
  static const tls::ClientContext* const tls = &client_tls();
  Bytes packet = first_flight(w, *tls).at(0);
  packet.back() ^= std::byte{1};
  return packet;
}

// What a client that gives up at once sends last.
Bytes farewell(QuicWorld& w) {
  static const tls::ClientContext* const tls = &client_tls();
  return first_flight(w, *tls, true).back();
}

TEST_CASE("First packets that begin nothing bring Retry on, and it goes off by itself") {
  for (const MakePacket& make :
       {MakePacket(later_part), MakePacket(undecryptable), MakePacket(farewell)}) {
    QuicWorld w(1, with_retry());
    std::size_t next = 0;
    for (; next < kThreshold; ++next) w.inject(make(w), flooder(next));
    CHECK(w.endpoint->counters().retries_sent == 0);
    const std::size_t objects = w.endpoint->objects();
    w.inject(make(w), flooder(next++));
    CHECK(w.endpoint->counters().retries_sent == 1);
    CHECK(w.endpoint->objects() == objects);
    w.world.run_for(1s - 1ns);  // later parts that waited in vain have had theirs, too
    const auto before = w.endpoint->counters().retries_sent;
    w.inject(make(w), flooder(next++));
    CHECK(w.endpoint->counters().retries_sent == before + 1);
    w.world.run_for(1ns);
    w.inject(make(w), flooder(next++));
    CHECK(w.endpoint->counters().retries_sent == before + 1);
  }
}

TEST_CASE("Handshakes in flight and first packets that begin nothing count together") {
  QuicWorld w(1, with_retry());
  const tls::ClientContext* const tls = &client_tls();
  for (std::size_t i = 0; i < kThreshold / 2; ++i) {
    w.inject(first_flight(w, *tls).at(0), flooder(2 * i));
    w.inject(undecryptable(w), flooder(2 * i + 1));
  }
  CHECK(w.endpoint->counters().retries_sent == 0);
  w.inject(first_flight(w, *tls).at(0), flooder(kThreshold));
  CHECK(w.endpoint->counters().retries_sent == 1);
}

TEST_CASE(
    "A first packet that cannot be decrypted leaves no connection, not until the flush either") {
  QuicWorld w;
  const Bytes packet = undecryptable(w);
  w.endpoint->receive({.local = w.port.address(), .remote = flooder(0), .bytes = packet},
                      w.world.clock.now());
  CHECK(w.endpoint->objects() == 0);
  CHECK(w.endpoint->counters().accepted == 0);
  CHECK(w.endpoint->counters().datagrams_dropped == 1);
}

TEST_CASE("A client gets through while first packets that begin nothing flood in") {
  for (const MakePacket& make :
       {MakePacket(later_part), MakePacket(undecryptable), MakePacket(farewell)}) {
    QuicWorld w(1, with_retry(100));
    ClientSide* client = nullptr;
    for (std::size_t i = 0; i < 2000; ++i) {
      w.inject(make(w), flooder(i));
      REQUIRE(w.endpoint->objects() <= 101);
      if (i == 500) client = &w.connect();
      if (i % 20 == 0) w.world.run_for(1ms);
    }
    CHECK(client->state() == State::established);
    CHECK(w.endpoint->counters().retries_sent >= 1800);
    CHECK(w.endpoint->counters().refused == 0);
    CHECK(within_limit(w));
    CHECK(w.ask(*client, "send 50000"));
  }
}

}  // namespace
}  // namespace troika::test
