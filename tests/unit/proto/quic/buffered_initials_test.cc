// Parts of a ClientHello that come in another order.
#include <algorithm>

#include "packets.h"
#include "proto/quic/admission.h"

namespace troika::test {
namespace {

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
  std::size_t i = 0;
  for (; i < quic::BufferedInitials::kMost; ++i) w.inject(later_part(w), stranger(i));
  CHECK(w.endpoint->counters().retries_sent == 0);
  w.inject(later_part(w), stranger(i++));
  CHECK(w.endpoint->counters().retries_sent == 1);
  w.world.run_for(quic::BufferedInitials::kLongest);  // and now each of them is
  CHECK(w.endpoint->counters().retries_sent == quic::BufferedInitials::kMost + 1);
  w.inject(later_part(w), stranger(i));
  CHECK(w.endpoint->counters().retries_sent == quic::BufferedInitials::kMost + 1);
  CHECK(w.endpoint->counters().accepted == 0);
  CHECK(w.endpoint->objects() == 0);
}

TEST_CASE("A later part that is larger than any first packet does not wait") {
  for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
    QuicWorld w;
    Bytes part = later_part(w);
    part.resize(quic::BufferedInitials::kMostBytes + more);
    w.inject(part, stranger(0));
    CHECK(w.endpoint->counters().retries_sent == more);
    CHECK(w.endpoint->objects() == 0);
  }
}

TEST_CASE(
    "A later part that waits in vain is answered by a Retry when it is as old as it may get") {
  QuicWorld w;
  const TimePoint start = w.world.clock.now();
  w.inject(later_part(w), stranger(0));
  CHECK(w.endpoint->deadline() == start + quic::BufferedInitials::kLongest);
  w.world.run_for(quic::BufferedInitials::kLongest / 2);
  w.inject(later_part(w), stranger(1));
  CHECK(w.endpoint->deadline() == start + quic::BufferedInitials::kLongest);
  const auto retries_at = [&](TimePoint when) {
    w.endpoint->on_deadline(when);
    return w.endpoint->counters().retries_sent;
  };
  CHECK(retries_at(start + quic::BufferedInitials::kLongest - 1ns) == 0);
  CHECK(retries_at(start + quic::BufferedInitials::kLongest) == 1);
  CHECK(w.endpoint->deadline() == start + quic::BufferedInitials::kLongest * 3 / 2);
  CHECK(retries_at(start + quic::BufferedInitials::kLongest * 3 / 2 - 1ns) == 1);
  CHECK(retries_at(start + quic::BufferedInitials::kLongest * 3 / 2) == 2);
  CHECK(w.endpoint->deadline() == kNever);
  CHECK(w.endpoint->objects() == 0);
}

// The first datagrams of `client` are lost whose numbers, from 0 on, are among `lost`.
void lose(QuicWorld& w, std::vector<std::size_t> lost) {
  w.port.receiver = [&w, lost = std::move(lost),
                     number = std::size_t{0}](const Datagram& datagram) mutable {
    if (std::ranges::contains(lost, number++)) return;
    w.endpoint->receive(datagram, w.world.clock.now());
  };
}

TEST_CASE("The beginning of a ClientHello that was lost is sent again without the client's timer") {
  QuicWorld w;
  ClientSide& client = w.connect();
  lose(w, {0});
  const TimePoint start = w.world.clock.now();
  REQUIRE(w.establish(client));
  CHECK(w.world.clock.now() - start <
        quic::BufferedInitials::kLongest + 70ms);  // three round trips
  CHECK(w.endpoint->counters().retries_sent == 1);
  CHECK(w.endpoint->counters().accepted == 1);
  CHECK(within_limit(w));
}

TEST_CASE("A later part with a token of a Retry is not held: there is no second Retry") {
  QuicWorld w;
  ClientSide& client = w.connect();
  lose(w, {0, 2});
  REQUIRE(w.establish(client));
  CHECK(w.endpoint->counters().retries_sent == 1);
  CHECK(w.endpoint->counters().accepted == 1);
}

TEST_CASE("While no more later parts can wait, a beginning is sent a Retry and costs nothing") {
  for (const std::size_t parts :
       {quic::BufferedInitials::kMost - 1, quic::BufferedInitials::kMost}) {
    QuicWorld w(1, with_retry(1000));
    for (std::size_t i = 0; i < parts; ++i) w.inject(later_part(w), stranger(i));
    const bool full = parts == quic::BufferedInitials::kMost;
    w.inject(beginning(w), stranger(parts));
    CHECK(w.endpoint->counters().retries_sent == (full ? 1 : 0));
    CHECK(w.endpoint->objects() == (full ? 0 : 1));
    REQUIRE(w.establish(w.connect()));
    w.world.run_for(quic::BufferedInitials::kLongest);  // they are too old now
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
