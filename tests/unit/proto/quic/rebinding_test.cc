#include "packets.h"
#include "proto/quic/packet_writer.h"

namespace troika::test {
namespace {

constexpr std::size_t kBytes = 3U << 20U;

// Downloads while the client gets another port every 300 ms and says something after each. None:
// it did not come to an end.
std::optional<Duration> download(QuicWorld& w, const Link& link, Duration each = 300ms) {
  ClientSide& client = w.connect(link);
  if (!w.establish(client)) return std::nullopt;
  client.app().ask("send " + std::to_string(kBytes));
  const TimePoint start = w.world.clock.now();
  const auto done = [&] { return !client.app().asked.empty() && client.app().answer().fin; };
  std::uint16_t port = 50000;
  for (; !w.run_until(done, each); ++port) {
    if (client.state() != State::established) return std::nullopt;
    w.rebind(client, port);
    client.app().ask("x");
  }
  const Duration time = w.world.clock.now() - start;
  w.world.run_for(2s);  // the last word of the client is there
  CHECK(w.endpoint->counters().handshakes == 1);
  CHECK(w.server_app().quic.remote().port() == port - 1);
  if (client.app().answer().bytes != pattern(kBytes)) return std::nullopt;
  return time;
}

TEST_CASE("A download goes on at each new port of its client, on a path with a small MTU as well") {
  struct Case {
    std::size_t mtu;
    std::uint64_t seeds;
  };
  // With 38 the server stands still if ngtcp2 is asked for packets that it must not send.
  for (const auto [mtu, seeds] : {Case{1472, 5}, Case{1400, 5}, Case{1250, 38}}) {
    for (std::uint64_t seed = seeds > 20 ? 19 : 1; seed <= seeds; ++seed) {
      INFO("an MTU of " << mtu << ", seed " << seed);
      QuicWorld w(seed, with_cubic());
      const auto time = download(w, {.loss = 0.03, .mtu = mtu});
      REQUIRE(time.has_value());
      CHECK(*time < 15s);
      CHECK(w.endpoint->counters().paths_validated > 5);
    }
  }
}

TEST_CASE("A connection moves from a fast path to one with a round trip of 1.5 s") {
  QuicWorld w;
  ClientSide& client = w.connect_and_establish({.delay = 10ms});
  REQUIRE(w.ask(client, "send 20000"));
  w.world.net.rebind(client.port->address(), Address::v4(0x0a000900, 50000));
  w.world.net.both_ways(client.port->address(), w.port.address(), {.delay = 750ms});
  const TimePoint start = w.world.clock.now();
  REQUIRE(w.ask(client, "send 20000", 20s));
  CHECK(w.world.clock.now() - start < 4s);  // the first validation did it
  CHECK(w.endpoint->counters().paths_validated == 1);
}

// All packets of a burst leave for one address, while ngtcp2 lets a challenge of the old one lead.
TEST_CASE("An address that the client has left gets challenges, and no data") {
  QuicWorld w(1);
  ClientSide& client = w.connect_and_establish({.mtu = 1250});
  client.app().ask("send 1048576");
  w.run_until([&] { return client.app().answer().bytes.size() > 300000; });
  const Address inside = client.port->address(), outside = Address::v4(0x0a000900, 50000);
  w.world.net.rebind(inside, outside);
  std::size_t old_packets = 0, at_once = 0;
  TimePoint last{};
  std::size_t logged = 0;
  bool validated = false;
  REQUIRE(w.run_until([&] {
    for (; logged < w.world.net.log().size(); ++logged) {
      const sim::Sent& sent = w.world.net.log()[logged];
      if (!validated || sent.to != inside || sent.fate != Fate::unreachable) continue;
      at_once = sent.at == last ? at_once + 1 : 1;
      last = sent.at;
      ++old_packets;
      CHECK(at_once <= 1);
    }
    validated = w.endpoint->counters().paths_validated > 0;
    return client.app().answered(1);
  }));
  CHECK(old_packets > 0);
  CHECK(client.app().answer().bytes == pattern(1U << 20U));
}

// What the client acknowledges last comes by an address that swallows all: an attacker's, which was
// faster with a copy. The client has nothing more to say that would bring the path back.
void mislead(QuicWorld& w, ClientSide& client) {
  const Address inside = client.port->address();
  w.run_until([&] { return w.world.net.in_flight() == 0; });
  w.server_app().write(*w.server_app().quic.open_uni(), "hello", false);
  w.run_until([&] { return w.world.net.in_flight() > 0; });
  const std::size_t before = w.world.net.log().size();
  w.world.net.rebind(inside, Address::v4(0x0a000900, 50000));
  const auto answers = [&] {
    const auto sent = std::span(w.world.net.log()).subspan(before);
    return std::ranges::any_of(sent, [&](const sim::Sent& each) { return each.from == inside; });
  };
  REQUIRE(w.run_until(answers, 1s));
  w.world.net.rebind(inside, inside);
}

TEST_CASE("Data for a client whose address seemed to change find it where it was") {
  // After which the last acknowledgement has another length each time: what it allows is used up to
  // the last byte by some.
  for (const std::size_t before : {1U, 20000U, 50000U, 75000U, 100000U}) {
    for (const Duration wait : {Duration(20ms), Duration(200ms), Duration(10s)}) {
      INFO(before << " bytes, then after " << wait.count() << " ns");
      QuicWorld w(1);
      ClientSide& client = w.connect_and_establish();
      REQUIRE(w.ask(client, "send " + std::to_string(before)));
      w.world.run_for(5s);
      mislead(w, client);
      w.world.run_for(wait);
      const StreamId stream = *w.server_app().quic.open_uni();
      w.server_app().write(stream, pattern(20000), true);
      const TimePoint start = w.world.clock.now();
      const auto there = [&] { return client.app().in[stream].fin; };
      CHECK(w.run_until(there, 10s));
      CHECK((client.app().in[stream].bytes == pattern(20000)));
      CHECK(w.world.clock.now() - start < (wait < 5s ? 8s : 1s));
      CHECK(client.state() == State::established);
    }
  }
}

constexpr TimePoint kStart{1h};

quic::Path from(const Address& remote) { return {Address::v4(0x0a000001, 443), remote}; }

TEST_CASE("To an address that is not validated three times what came from it may go") {
  const quic::Path home = from(Address::v4(0x0a000100, 40000)),
                   next = from(Address::v4(0x0a000100, 40001)),
                   third = from(Address::v4(0x0a000200, 1));
  const auto received = [](quic::AmplificationLimit& of, const quic::Path& to, const quic::Path& by,
                           std::size_t bytes) { of.received(to, by, bytes, kStart, 3s); };
  quic::AmplificationLimit budget;
  budget.validated(home);
  received(budget, home, home, 40);
  budget.sent(home, 100000);
  CHECK_FALSE(budget.exhausted(kStart));
  received(budget, next, next, 40);
  budget.sent(home, 100000);
  budget.sent(next, 119);
  CHECK_FALSE(budget.exhausted(kStart));
  budget.sent(next, 1);
  CHECK(budget.exhausted(kStart));
  received(budget, next, home, 1000);  // from elsewhere
  CHECK(budget.exhausted(kStart));
  received(budget, next, next, 1);
  CHECK_FALSE(budget.exhausted(kStart));
  budget.sent(next, 1200);  // more than it may: no debt, no overflow
  CHECK(budget.exhausted(kStart));
  budget.validated(third);
  CHECK(budget.exhausted(kStart));
  budget.validated(next);
  CHECK_FALSE(budget.exhausted(kStart));
  received(budget, home, home, 1);  // back
  budget.sent(home, 100000);
  CHECK_FALSE(budget.exhausted(kStart));
  for (std::uint16_t port = 1; port <= 20; ++port) {  // whoever comes back is not forgotten
    budget.validated(from(Address::v4(0x0a000300, port)));
    if (port % 4 == 0) received(budget, home, home, 1);
    if (port % 4 == 0) received(budget, next, next, 1);
    CHECK_FALSE(budget.exhausted(kStart));
  }
}

TEST_CASE("The same client at another address of the server is on a path that is not validated") {
  const Address client = Address::v4(0x0a000100, 40000);
  const quic::Path home = from(client), next{Address::v4(0x0a000002, 8443), client};
  quic::AmplificationLimit budget;
  budget.validated(home);
  budget.received(next, next, 40, kStart, 3s);
  budget.sent(home, 1000);
  CHECK_FALSE(budget.exhausted(kStart));
  budget.sent(next, 120);
  CHECK(budget.exhausted(kStart));
  budget.validated(next);
  CHECK_FALSE(budget.exhausted(kStart));
}

TEST_CASE("ngtcp2 is asked again once a validation must have failed, until it has gone back") {
  const quic::Path home = from(Address::v4(0x0a000100, 40000)),
                   next = from(Address::v4(0x0a000200, 1));
  quic::AmplificationLimit budget;
  budget.validated(home);
  budget.received(home, home, 40, kStart, 3s);
  CHECK(budget.deadline() == kNever);
  budget.received(next, next, 40, kStart, 3s);
  budget.sent(next, 120);
  budget.received(next, next, 0, kStart + 1s, 3s);  // does not put it off
  budget.asked(next, kStart + 1s, 1s);
  CHECK(budget.exhausted(kStart + 3s - 1ns));
  CHECK(budget.deadline() == kStart + 3s);
  CHECK_FALSE(budget.exhausted(kStart + 3s));
  budget.asked(next, kStart + 3s, 1s);
  CHECK(budget.exhausted(kStart + 3s));
  CHECK(budget.deadline() == kStart + 4s);
  CHECK_FALSE(budget.exhausted(kStart + 4s));
  budget.asked(home, kStart + 4s, 1s);
  CHECK_FALSE(budget.exhausted(kStart + 4s));
  CHECK(budget.deadline() == kNever);
}

}  // namespace
}  // namespace troika::test
