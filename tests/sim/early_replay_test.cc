#include "client/client.h"
#include "sim/early.h"
#include "support/responses.h"

namespace troika::test {
namespace {

constexpr std::size_t kBody = 300000;

// What arrives at a port from now on.
class Capture {
 public:
  explicit Capture(sim::SimNetwork::Port& port) : port_(port), before_(port.receiver) {
    port_.receiver = [this](const Datagram& datagram) {
      if (recording) datagrams.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
      before_(datagram);
    };
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { port_.receiver = before_; }

  bool recording = true;
  std::vector<std::vector<std::byte>> datagrams;

 private:
  sim::SimNetwork::Port& port_;
  sim::SimNetwork::Receiver before_;
};

void replay(SimH3& at, const Capture& flight, const Address& from) {
  for (const auto& bytes : flight.datagrams) {
    at.endpoint->receive({.local = at.server_port.address(), .remote = from, .bytes = bytes},
                         at.world.clock.now());
  }
  at.world.run_for(21s);  // an attacker cannot complete the handshake: it ends by its deadline
}

TEST_CASE("Of 100 replays of a first flight none reaches the handler of either worker") {
  Process process;
  SimH3 one(1, kFarAway), other(2, kFarAway);
  process.start(one);
  process.start(other);
  const auto kept = first_visit(one);

  return_with(one, kept);
  const client::Fetch& fetch = one.get("/once");
  {
    Capture flight(one.server_port);
    REQUIRE(one.run_until([&] { return !flight.datagrams.empty(); }));
    one.run_until([&] { return fetch.has_head(); });
    flight.recording = false;
    REQUIRE(one.run_until([&] { return fetch.done(); }));
    REQUIRE(fetch.body == "hello");
    REQUIRE(was_early(one));
    REQUIRE(one.handler.requests.back().early_data);
    one.client->close(0x100, one.world.clock.now());
    one.world.run_for(20s);
    REQUIRE(one.endpoint->objects() == 0);

    const int started = one.handler.started;
    for (std::uint32_t i = 0; i < 100; ++i) {
      SimH3& at = i % 2 == 0 ? one : other;
      const bool from_elsewhere = i % 4 >= 2;
      replay(at, flight,
             from_elsewhere ? Address::v4(0x0a000100 + i, 1024) : at.client_port.address());
    }
    CHECK(one.handler.started == started);
    CHECK(other.handler.started == 0);
    CHECK(process.replays.counters().replayed == 100);
    CHECK(process.replays.counters().accepted == 1);
    CHECK(one.endpoint->counters().early_rejected == 50);
    CHECK(other.endpoint->counters().early_rejected == 50);
  }
  CHECK(one.close().empty());
  CHECK(other.close().empty());
}

TEST_CASE("A first flight that comes to two workers at once counts at the first") {
  Process process;
  SimH3 one(3), other(4);
  process.start(one);
  process.start(other);
  return_with(one, first_visit(one));
  const client::Fetch& fetch = one.get();
  {
    Capture flight(one.server_port);
    REQUIRE(one.run_until([&] { return !flight.datagrams.empty(); }));
    replay(other, flight, one.client_port.address());
  }
  REQUIRE(one.run_until([&] { return fetch.done(); }));
  CHECK(one.handler.started + other.handler.started == 2);  // with the first visit's
  CHECK(one.close().empty());
  CHECK(other.close().empty());
}

TEST_CASE("Early data goes through a Retry") {
  Visited visited(5);
  auto& [process, sim, kept] = visited;
  sim.config.retry_above = 0;
  for (const bool early : {true, false}) {
    process.start(sim, early);
    const int before = sim.handler.started;
    return_with(sim, kept);
    const client::Fetch& fetch = sim.get();
    REQUIRE(sim.run_until([&] { return fetch.done(); }));
    CHECK(fetch.body == "hello");
    CHECK(sim.handler.started == before + 1);
    CHECK(sim.endpoint->counters().retries_sent > 0);
    CHECK(was_early(sim) == early);
    CHECK(sim.close().empty());
  }
}

TEST_CASE("20 of 20 early downloads are identical at 20 % loss, in whatever order packets come") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    Visited visited(seed, {.loss = 0.2, .reorder = 0.2});
    auto& [process, sim, kept] = visited;
    sim.handler.answer = with_pattern(kBody);
    const int before = sim.handler.started;
    return_with(sim, kept);
    PatternCheck first, second;
    const Request request = client::make_request("GET", "localhost", "/");
    sim.fetch(request, nullptr, [&](std::span<const std::byte> b) { first(b); });
    sim.fetch(request, nullptr, [&](std::span<const std::byte> b) { second(b); });
    REQUIRE(sim.run_until([&] { return sim.all_done(); }, 10min));
    for (const PatternCheck* check : {&first, &second}) {
      CHECK(check->at == kBody);
      CHECK(check->same);
    }
    CHECK(sim.handler.started == before + 2);
    const auto& counters = sim.endpoint->counters();
    CHECK(counters.early_accepted + counters.early_rejected == 1);
    CHECK(sim.close().empty());
  }
}

}  // namespace
}  // namespace troika::test
