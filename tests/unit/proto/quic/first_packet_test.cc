// Floods of first packets that begin no handshake: each has cost a connection all the same.
#include "packets.h"
#include "proto/quic/admission.h"

namespace troika::test {
namespace {

constexpr std::size_t kThreshold = 4;

TEST_CASE("First packets that begin nothing bring Retry on, and it goes off by itself") {
  for (const auto make : {later_part, undecryptable, farewell}) {
    QuicWorld w(1, with_retry(kThreshold));
    std::size_t next = 0;
    for (; next < kThreshold; ++next) w.inject(make(w), stranger(next));
    CHECK(w.endpoint->counters().retries_sent == 0);
    const std::size_t objects = w.endpoint->objects();
    w.inject(make(w), stranger(next++));
    CHECK(w.endpoint->counters().retries_sent == 1);
    CHECK(w.endpoint->objects() == objects);
    w.world.run_for(1s - 1ns);  // later parts that waited in vain have had theirs, too
    const auto before = w.endpoint->counters().retries_sent;
    w.inject(make(w), stranger(next++));
    CHECK(w.endpoint->counters().retries_sent == before + 1);
    w.world.run_for(1ns);
    w.inject(make(w), stranger(next++));
    CHECK(w.endpoint->counters().retries_sent == before + 1);
  }
}

TEST_CASE("Handshakes in flight and first packets that begin nothing count together") {
  QuicWorld w(1, with_retry(kThreshold));
  for (std::size_t i = 0; i < kThreshold / 2; ++i) {
    w.inject(beginning(w), stranger(2 * i));
    w.inject(undecryptable(w), stranger(2 * i + 1));
  }
  CHECK(w.endpoint->counters().retries_sent == 0);
  w.inject(beginning(w), stranger(kThreshold));
  CHECK(w.endpoint->counters().retries_sent == 1);
}

TEST_CASE(
    "A first packet that cannot be decrypted leaves no connection, not until the flush either") {
  QuicWorld w;
  const Bytes packet = undecryptable(w);
  w.endpoint->receive({.local = w.port.address(), .remote = stranger(0), .bytes = packet},
                      w.world.clock.now());
  CHECK(w.endpoint->objects() == 0);
  CHECK(w.endpoint->counters().accepted == 0);
  CHECK(w.endpoint->counters().datagrams_dropped == 1);
  CHECK(w.log.made == 0);
}

TEST_CASE("A flood brings Retry on, memory stays bounded, a client gets through, then it is over") {
  for (const auto make : {beginning, later_part, undecryptable, farewell}) {
    QuicWorld w(1, with_retry(100));
    ClientSide* client = nullptr;
    std::size_t in = 0, out = 0, logged = 0;
    for (std::size_t i = 0; i < 2000; ++i) {
      const Bytes packet = make(w);
      in += packet.size();
      w.inject(packet, stranger(i));
      for (; logged < w.world.net.log().size(); ++logged) {
        const sim::Sent& each = w.world.net.log()[logged];
        if (each.from == w.port.address() && each.fate == Fate::unreachable) out += each.bytes;
      }
      REQUIRE(out <= 3 * in);
      REQUIRE(w.endpoint->objects() <= 101);
      if (i == 500) client = &w.connect();
      if (i % 20 == 0) w.world.run_for(1ms);
    }
    CHECK(client->state() == State::established);
    CHECK(w.endpoint->counters().retries_sent >= 1800);
    CHECK(w.endpoint->counters().refused == 0);
    CHECK(within_limit(w));
    CHECK(w.ask(*client, "send 50000"));
    w.world.run_for(21s);
    CHECK(w.endpoint->objects() == 1);
    const auto before = w.endpoint->counters().retries_sent;
    REQUIRE(w.establish(w.connect()));
    CHECK(w.endpoint->counters().retries_sent == before);
  }
}

}  // namespace
}  // namespace troika::test
