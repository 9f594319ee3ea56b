// Parts of a ClientHello that come in another order.
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "packets.h"
#include "proto/quic/held_initials.h"

namespace troika::test {
namespace {

Address stranger(std::size_t i) {
  return Address::v4(0x0a000300, static_cast<std::uint16_t>(1024 + i));
}

// A later part only, of a client of its own each time.
void inject_later_part(QuicWorld& w, const tls::ClientContext& tls, std::size_t i) {
  const std::vector<Bytes> flight = first_flight(w, tls);
  REQUIRE(flight.size() == 2);
  w.inject(flight[1], stranger(i));
}

TEST_CASE("A handshake whose first packets come in another order takes no longer") {
  QuicWorld w;
  ClientSide& client = w.connect();
  std::vector<Bytes> first;
  w.port.receiver = [&](const Datagram& datagram) {
    const auto receive = [&](std::span<const std::byte> bytes) {
      w.endpoint->receive({.local = datagram.local, .remote = datagram.remote, .bytes = bytes},
                          w.world.clock.now());
    };
    if (first.size() == 2) return receive(datagram.bytes);
    first.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
    if (first.size() < 2) return;
    receive(first[1]);
    CHECK(w.endpoint->objects() == 0);
    receive(first[0]);
  };
  const TimePoint start = w.world.clock.now();
  REQUIRE(w.establish(client));
  CHECK(w.world.clock.now() - start < 50ms);  // two round trips, not the client's timeout
  CHECK(w.endpoint->counters().accepted == 1);
  CHECK(w.endpoint->counters().retries_sent == 0);
  CHECK(w.endpoint->objects() == 1);
  CHECK(within_limit(w));
}

TEST_CASE("So many later parts wait for their beginning, the next one is sent a Retry") {
  QuicWorld w;
  const tls::ClientContext* const tls = &client_tls();
  std::size_t i = 0;
  for (; i < quic::HeldInitials::kMost; ++i) inject_later_part(w, *tls, i);
  CHECK(w.endpoint->counters().retries_sent == 0);
  inject_later_part(w, *tls, i++);
  CHECK(w.endpoint->counters().retries_sent == 1);
  w.world.run_for(quic::HeldInitials::kAtMost);  // they are too old now
  inject_later_part(w, *tls, i);
  CHECK(w.endpoint->counters().retries_sent == 1);
  CHECK(w.endpoint->counters().accepted == 0);
  CHECK(w.endpoint->objects() == 0);
}

TEST_CASE("A later part that is larger than any first packet does not wait") {
  for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
    QuicWorld w;
    Bytes part = first_flight(w).at(1);
    part.resize(quic::HeldInitials::kMostBytes + more);
    w.inject(part, stranger(0));
    CHECK(w.endpoint->counters().retries_sent == more);
    CHECK(w.endpoint->objects() == 0);
  }
}

TEST_CASE(
    "Later parts that wait in vain are thrown away when they are too old, and nothing is due") {
  QuicWorld w;
  const TimePoint start = w.world.clock.now();
  inject_later_part(w, client_tls(), 0);
  CHECK(w.endpoint->deadline() == start + quic::HeldInitials::kAtMost);
  w.world.run_for(quic::HeldInitials::kAtMost / 2);
  inject_later_part(w, client_tls(), 1);
  CHECK(w.endpoint->deadline() == start + quic::HeldInitials::kAtMost);
  w.endpoint->on_deadline(start + quic::HeldInitials::kAtMost);
  CHECK(w.endpoint->deadline() == start + quic::HeldInitials::kAtMost * 3 / 2);
  w.endpoint->on_deadline(start + quic::HeldInitials::kAtMost * 3 / 2);
  CHECK(w.endpoint->deadline() == kNever);
}

TEST_CASE("A later part counts until it is as old as it may get") {
  const std::array<std::uint8_t, 8> bytes{};
  const quic::ConnectionId id{std::span<const std::uint8_t>(bytes)};
  const Bytes packet(1200);
  const Datagram part{.local = stranger(1), .remote = stranger(0), .bytes = packet};
  const TimePoint start(1h);
  for (const Duration age : {quic::HeldInitials::kAtMost - 1ns, quic::HeldInitials::kAtMost}) {
    quic::HeldInitials held;
    for (std::size_t i = 0; i < quic::HeldInitials::kMost; ++i) {
      CHECK_FALSE(held.full(start));
      REQUIRE(held.add(part, id, start));
    }
    const bool old = age == quic::HeldInitials::kAtMost;
    CHECK(held.full(start + age) != old);
    CHECK(held.add(part, id, start + age) == old);
  }
  for (const Duration age : {quic::HeldInitials::kAtMost - 1ns, quic::HeldInitials::kAtMost}) {
    quic::HeldInitials held;
    REQUIRE(held.add(part, id, start));
    std::size_t taken = 0;
    held.take(id, stranger(0), start + age, [&](const Datagram&) { ++taken; });
    CHECK(taken == (age == quic::HeldInitials::kAtMost ? 0U : 1U));
    CHECK(held.deadline() == kNever);
  }
}

TEST_CASE("While no more later parts can wait, a beginning is sent a Retry and costs nothing") {
  auto config = endpoint_config();
  config.retry_above = 1000;
  for (const std::size_t parts : {quic::HeldInitials::kMost - 1, quic::HeldInitials::kMost}) {
    QuicWorld w(1, config);
    const tls::ClientContext* const tls = &client_tls();
    for (std::size_t i = 0; i < parts; ++i) inject_later_part(w, *tls, i);
    const bool full = parts == quic::HeldInitials::kMost;
    w.inject(first_flight(w, *tls).at(0), stranger(parts));
    CHECK(w.endpoint->counters().retries_sent == (full ? 1 : 0));
    CHECK(w.endpoint->objects() == (full ? 0 : 1));
    REQUIRE(w.establish(w.connect()));
    w.world.run_for(quic::HeldInitials::kAtMost);
    const auto before = w.endpoint->counters().retries_sent;
    REQUIRE(w.establish(w.connect()));
    CHECK(w.endpoint->counters().retries_sent == before);
  }
}

TEST_CASE("A later part from another address does not reach the connection") {
  QuicWorld w;
  const std::vector<Bytes> flight = first_flight(w);
  REQUIRE(flight.size() == 2);
  w.inject(flight[1], stranger(0));
  w.inject(flight[0], stranger(1));
  CHECK(w.endpoint->objects() == 1);
  CHECK(w.log.handshakes == 0);
  std::size_t to_other = 0, sent = 0;
  for (const sim::Sent& each : w.world.net.log()) {
    if (each.from != w.port.address()) continue;
    sent += each.bytes;
    to_other += each.to == stranger(0) ? each.bytes : 0;
  }
  CHECK(to_other == 0);
  CHECK(sent < 200);  // an acknowledgement, not the server's flight
}

}  // namespace
}  // namespace troika::test
