// Parts of a ClientHello that come in another order.
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
