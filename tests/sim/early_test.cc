#include "sim/early.h"

namespace troika::test {
namespace {

TEST_CASE("A client that returns has the first byte of its answer after one round trip") {
  Process process;
  SimH3 sim(1, far_away());
  process.start(sim);
  const auto kept = first_visit(sim);

  return_with(sim, kept);
  REQUIRE(sim.client->ready());
  CHECK(sim.client->state() == quic::ClientConnection::State::handshake);
  const TimePoint start = sim.world.clock.now();
  const client::Fetch& fetch = sim.get();
  REQUIRE(sim.run_until([&] { return fetch.received() > 0; }));
  CHECK(sim.world.clock.now() - start == 100ms);
  REQUIRE(sim.run_until([&] { return fetch.done(); }));
  CHECK(fetch.body == "hello");
  CHECK(was_early(sim));
  CHECK(process.replays.counters().accepted == 1);
  CHECK(sim.handler.requests.back().early_data);
  REQUIRE(sim.run_until([&] { return sim.endpoint->counters().handshakes == 2; }));
  CHECK(sim.close().empty());
}

}  // namespace
}  // namespace troika::test
