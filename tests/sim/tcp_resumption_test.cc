#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "sim/tcp_world.h"

namespace troika::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRoundTrip = 2 * kOneWay;

Secrets some_secrets(std::uint64_t seed = 1) {
  SeededRandom random(seed);
  return random_secrets(random);
}

struct TcpSim final : TcpWorld {
  explicit TcpSim(const std::string& alpn = "h2") : TcpWorld({alpn}) {
    handler.answer = [this](RequestContext context, Responder& responder) {
      started.push_back(clock.now());
      std::ignore = responder.respond({}, test::body_of(context.services.pool, "hello"));
      return nullptr;
    };
  }

  std::vector<std::byte> first_visit() {
    Visit& first = visit(*process.workers[0]);
    REQUIRE(run_until([&] { return first.connection->ready(); }));
    client::Fetch& answer = fetch(first, "GET");
    REQUIRE(run_until([&] { return answer.done() && !first.connection->resumption().empty(); }));
    CHECK(first.first_byte - first.began == 2 * kRoundTrip);
    CHECK_FALSE(first.connection->security().resumed);
    started.clear();
    return first.connection->resumption();
  }

  TcpProcess process{some_secrets()};
  std::vector<TimePoint> started;  // when requests reached the handler
};

}  // namespace

TEST_CASE("Resuming over TCP, the answer begins a round trip after the client's first flight") {
  const std::string alpn = GENERATE("h2", "http/1.1");
  const std::size_t worker = GENERATE(std::size_t{0}, std::size_t{1});
  TcpSim sim(alpn);
  const auto resumption = sim.first_visit();
  auto& visit = sim.visit(*sim.process.workers[worker], resumption);
  REQUIRE(visit.connection->ready());
  client::Fetch& answer = sim.fetch(visit, "GET");
  REQUIRE(sim.run_until([&] { return answer.done(); }));
  CHECK(visit.first_byte - visit.began == kRoundTrip);
  CHECK(answer.body == "hello");
  CHECK(sim.started == std::vector{visit.began + kOneWay});
  CHECK(visit.connection->security().early_data);
  CHECK(visit.connection->security().resumed);
  CHECK(sim.process.shared.replays.counters().accepted == 1);
  // It goes on as any other, and brings a ticket for the next visit.
  sim.run_for(1s);
  client::Fetch& later = sim.fetch(visit, "GET");
  REQUIRE(sim.run_until([&] { return later.done(); }));
  CHECK(later.status() == 200);
  CHECK_FALSE(visit.connection->resumption().empty());
  CHECK(visit.connection->resumption() != resumption);
}

TEST_CASE("A POST in early data over TCP reaches the handler after the handshake only") {
  const std::string alpn = GENERATE("h2", "http/1.1");
  TcpSim sim(alpn);
  const auto resumption = sim.first_visit();
  auto& visit = sim.visit(*sim.process.workers[1], resumption);
  client::Fetch& answer = sim.fetch(visit, "POST", test::body_of(sim.client_pool, "x"));
  REQUIRE(sim.run_until([&] { return answer.done(); }));
  CHECK(answer.status() == 200);
  // The client's Finished arrives a round trip after its first flight.
  CHECK(sim.started == std::vector{visit.began + kOneWay + kRoundTrip});
  CHECK(visit.connection->security().early_data);
}

TEST_CASE("Of 100 replays of a first flight over TCP to one process none reaches the handler") {
  TcpSim sim;
  const auto resumption = sim.first_visit();
  auto& visit = sim.visit(*sim.process.workers[0], resumption);
  client::Fetch& answer = sim.fetch(visit, "GET");
  sim.run_for(1ms);  // the flight has left, and nothing has come back
  const std::string flight = visit.link.written_by(End::client);
  REQUIRE(sim.run_until([&] { return answer.done(); }));
  REQUIRE(sim.started.size() == 1);
  for (std::size_t i = 0; i < 100; ++i) sim.replay(*sim.process.workers[i % 2], flight);
  sim.run_for(5s);
  CHECK(sim.started.size() == 1);
  CHECK(sim.process.shared.replays.counters().accepted == 1);
  CHECK(sim.process.shared.replays.counters().replayed == 100);
  CHECK(sim.connections() == 102);
  sim.run_for(sim.timeouts.handshake);  // replays wait for a Finished that does not come
  CHECK(sim.connections() == 2);
}

TEST_CASE("A flight that is recorded before it arrives counts once over TCP, whoever sends it") {
  TcpSim sim;
  const auto resumption = sim.first_visit();
  auto& visit = sim.visit(*sim.process.workers[0], resumption);
  client::Fetch& answer = sim.fetch(visit, "GET");
  sim.run_for(1ms);
  sim.replay(*sim.process.workers[1], visit.link.written_by(End::client));
  REQUIRE(sim.run_until([&] { return answer.done(); }));
  // The attacker was first: its copy was answered, to nobody who can read it; the client's own
  // request came again as ordinary data.
  CHECK(sim.started.size() == 2);
  CHECK(answer.status() == 200);
  CHECK_FALSE(visit.connection->security().early_data);
  CHECK(visit.connection->security().resumed);
}

TEST_CASE("A TCP client comes back early where its secrets are and 0-RTT is, and once anyway") {
  struct Row {
    std::uint64_t secrets;
    bool early_data;
    bool resumed;
    int round_trips;
  };
  for (const Row& row : {Row{1, true, true, 1}, {1, false, true, 2}, {2, true, false, 2}}) {
    CAPTURE(row.secrets, row.early_data);
    TcpSim sim;
    const auto resumption = sim.first_visit();
    TcpProcess next(some_secrets(row.secrets), row.early_data);
    auto& visit = sim.visit(*next.workers[1], resumption);
    client::Fetch& answer = sim.fetch(visit, "GET");
    REQUIRE(sim.run_until([&] { return answer.done(); }));
    CHECK(answer.status() == 200);
    CHECK(visit.first_byte - visit.began == row.round_trips * kRoundTrip);
    CHECK(sim.started.size() == 1);
    CHECK(visit.connection->security().resumed == row.resumed);
    CHECK(visit.connection->security().early_data == (row.round_trips == 1));
  }
}

TEST_CASE("A client that sends early data and no Finished is gone at the handshake's deadline") {
  TcpSim sim;
  const auto resumption = sim.first_visit();
  auto& visit = sim.visit(*sim.process.workers[0], resumption);
  sim.fetch(visit, "GET");
  sim.run_for(1ms);
  TcpSim victim;
  TcpProcess process(some_secrets());
  const TimePoint start = victim.clock.now();
  victim.replay(*process.workers[0], visit.link.written_by(End::client));
  REQUIRE(victim.run_until([&] { return victim.started.size() == 1; }));
  victim.run_for(start + victim.timeouts.handshake - 1ns - victim.clock.now());
  CHECK(victim.connections() == 1);
  victim.run_for(1ns);
  CHECK(victim.connections() == 0);
}

}  // namespace troika::sim
