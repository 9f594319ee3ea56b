#include <catch2/catch_test_macros.hpp>

#include "packets.h"
#include "proto/quic/path_budget.h"

namespace troika::test {
namespace {

constexpr std::size_t kBytes = 3U << 20U;

// Downloads while the client gets another port every 300 ms and says something after each. None:
// it did not come to an end.
std::optional<Duration> download(QuicWorld& w, const Link& link, Duration each = 300ms) {
  ClientSide& client = w.connect(link);
  if (!w.establish(client)) return std::nullopt;
  client.app().ask("send " + std::to_string(kBytes));
  const Address inside = client.port->address();
  const TimePoint start = w.world.clock.now();
  const auto done = [&] { return !client.app().asked.empty() && client.app().answer().fin; };
  for (std::uint16_t port = 50000; !w.run_until(done, each); ++port) {
    if (client.state() != State::established) return std::nullopt;
    Address outside = inside;
    outside.set_port(port);
    w.world.net.rebind(inside, outside);
    client.app().ask("x");
  }
  if (client.app().answer().bytes != pattern(kBytes)) return std::nullopt;
  return w.world.clock.now() - start;
}

TEST_CASE("New ports slow a download on a path with a small MTU down no more than on another one") {
  struct Case {
    std::size_t mtu;
    std::uint64_t seeds;
  };
  // With 38 the server stands still if ngtcp2 is asked for packets that it must not send.
  for (const auto [mtu, seeds] : {Case{1472, 5}, Case{1400, 5}, Case{1250, 38}}) {
    for (std::uint64_t seed = seeds > 20 ? 19 : 1; seed <= seeds; ++seed) {
      INFO("an MTU of " << mtu << ", seed " << seed);
      QuicWorld w(seed);
      const auto time = download(w, {.loss = 0.03, .mtu = mtu});
      REQUIRE(time.has_value());
      CHECK(*time < 15s);
      CHECK(w.endpoint->counters().paths_validated > 5);
    }
  }
}

// All packets of a burst leave for one address, while ngtcp2 lets a challenge of the old one lead.
TEST_CASE("An address that the client has left gets challenges, and no data") {
  QuicWorld w(1);
  ClientSide& client = w.connect({.mtu = 1250});
  REQUIRE(w.establish(client));
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

TEST_CASE("To an address that is not validated three times what came from it may go") {
  const Address home = Address::v4(0x0a000100, 40000), next = Address::v4(0x0a000100, 40001),
                third = Address::v4(0x0a000200, 1);
  quic::PathBudget budget;
  budget.validated(home);
  budget.received(home, home, 40);
  budget.sent(home, 100000);
  CHECK_FALSE(budget.exhausted());
  budget.received(next, next, 40);
  budget.sent(home, 100000);
  budget.sent(next, 119);
  CHECK_FALSE(budget.exhausted());
  budget.sent(next, 1);
  CHECK(budget.exhausted());
  budget.received(next, home, 1000);  // from elsewhere
  CHECK(budget.exhausted());
  budget.received(next, next, 1);
  CHECK_FALSE(budget.exhausted());
  budget.sent(next, 1200);  // more than it may: no debt, no overflow
  CHECK(budget.exhausted());
  budget.validated(third);
  CHECK(budget.exhausted());
  budget.validated(next);
  CHECK_FALSE(budget.exhausted());
  budget.received(home, home, 1);  // back
  budget.sent(home, 100000);
  CHECK_FALSE(budget.exhausted());
  for (std::uint16_t port = 1; port <= 20; ++port) {  // whoever comes back is not forgotten
    budget.validated(Address::v4(0x0a000300, port));
    if (port % 4 == 0) budget.received(home, home, 1);
    if (port % 4 == 0) budget.received(next, next, 1);
    CHECK_FALSE(budget.exhausted());
  }
}

}  // namespace
}  // namespace troika::test
