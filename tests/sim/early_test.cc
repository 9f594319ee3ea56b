#include "sim/early.h"
#include "client/client.h"
#include "support/responses.h"

namespace troika::test {
namespace {

Request post() { return client::make_request("POST", "localhost", "/"); }

// A visit that sends one GET at once; whether the answer came, once.
bool get_answer(SimH3& sim, const std::vector<std::byte>& kept) {
  const int before = sim.handler.started;
  return_with(sim, kept);
  if (!sim.client->ready()) return false;
  const client::Fetch& fetch = sim.get();
  const bool ended = sim.run_until([&] { return fetch.done(); });
  return ended && !fetch.failed() && fetch.body == "hello" && sim.handler.started == before + 1;
}

TEST_CASE("A client that returns has the first byte of its answer after one round trip") {
  Visited visited(1, kFarAway);
  auto& [process, sim, kept] = visited;

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

TEST_CASE("A log line of a client that vanished before its address was proven says so") {
  Visited visited(1, kFarAway);
  auto& [process, sim, kept] = visited;
  const std::size_t before = sim.observer.entries.size();
  return_with(sim, kept);
  sim.get();
  REQUIRE(sim.run_until([&] { return sim.handler.started == 2; }));
  sim.world.net.link(sim.client_port.address(), sim.server_port.address()).loss = 1;
  REQUIRE(sim.run_until([&] { return sim.observer.entries.size() > before; }));
  CHECK(sim.observer.entries.back().early_data);
  CHECK_FALSE(sim.observer.entries.back().address_proven);
}

TEST_CASE("A POST in early data reaches the handler only after the handshake") {
  Visited visited(2, kFarAway);
  auto& [process, sim, kept] = visited;
  std::vector<std::uint64_t> handshakes;  // complete when the handler started
  sim.handler.answer = [&](RequestContext context, Responder& responder) {
    handshakes.push_back(sim.endpoint->counters().handshakes);
    (void)responder.respond({}, body_of(context.services.pool, "done"));
    return nullptr;
  };

  return_with(sim, kept);
  const TimePoint start = sim.world.clock.now();
  sim.get();
  sim.fetch(post(), body_of(sim.client_pool, "order"));
  REQUIRE(sim.run_until([&] { return sim.all_done(); }));
  CHECK(was_early(sim));
  REQUIRE(handshakes.size() == 2);
  CHECK(handshakes[0] == 1);  // the GET: of the first visit only
  CHECK(handshakes[1] == 2);
  CHECK(sim.fetches[1]->body == "done");
  CHECK(sim.world.clock.now() - start < 220ms);  // two round trips, and pacing
  CHECK(sim.close().empty());
}

TEST_CASE("Early data is accepted by another worker of the process") {
  Process process;
  SimH3 one(3), other(4);
  process.start(one);
  process.start(other);
  CHECK(get_answer(other, first_visit(one)));
  CHECK(was_early(other));
  CHECK(other.close().empty());
}

TEST_CASE("Early data is accepted after a restart with kept secrets, and not without them") {
  Process before('a'), same('a'), fresh('b');
  SimH3 sim(5);
  before.start(sim);
  const auto kept = first_visit(sim);

  same.start(sim);
  CHECK(get_answer(sim, kept));
  CHECK(was_early(sim));
  CHECK(sim.close().empty());

  fresh.start(sim);
  CHECK(get_answer(sim, kept));
  CHECK(was_refused(sim));
  CHECK(sim.close().empty());
}

TEST_CASE("A server that refuses early data answers each request once") {
  Visited visited(6, kFarAway);
  auto& [process, sim, kept] = visited;
  process.start(sim, false);
  const int before = sim.handler.started;

  return_with(sim, kept);
  const TimePoint start = sim.world.clock.now();
  for (int i = 0; i < 10; ++i) sim.get("/" + std::to_string(i));
  REQUIRE(sim.run_until([&] { return sim.all_done(); }));
  CHECK(sim.world.clock.now() - start < 220ms);  // two round trips, and pacing
  for (const auto& fetch : sim.fetches) CHECK(fetch->body == "hello");
  CHECK(sim.handler.started == before + 10);
  CHECK(sim.handler.requests.back().target.raw == "/9");
  CHECK_FALSE(sim.handler.requests.back().early_data);
  CHECK(was_refused(sim));
  CHECK(sim.close().empty());
}

TEST_CASE("A body that has begun is not sent again when early data is refused") {
  Visited visited(7);
  auto& [process, sim, kept] = visited;
  process.start(sim, false);

  return_with(sim, kept);
  BodyProbe probe;
  const client::Fetch& begun = sim.fetch(post(), body_of(sim.client_pool, "order", &probe));
  BodyProbe waiting;
  const client::Fetch& held = sim.fetch(
      post(), scripted(sim.client_pool, {BodyStep::blocked(), BodyStep::data("later")}, &waiting));
  const client::Fetch& after = sim.get();
  const int before = sim.handler.started;
  REQUIRE(sim.run_until([&] { return after.done() && begun.done(); }));
  CHECK(probe.pulled_bytes == 5);
  CHECK(begun.failed());
  CHECK(begun.failure().reason == AbortReason::refused);
  CHECK(probe.alive == 0);
  CHECK(after.body == "hello");
  waiting.release();
  REQUIRE(sim.run_until([&] { return held.done(); }));
  CHECK_FALSE(held.failed());
  CHECK(sim.handler.started == before + 2);
  CHECK(sim.client->ready());
  CHECK(sim.close().empty());
}

TEST_CASE("What was let go of before early data is refused is gone") {
  Visited visited(8);
  auto& [process, sim, kept] = visited;
  process.start(sim, false);
  const int before = sim.handler.started;

  return_with(sim, kept);
  sim.get("/first");
  sim.client->flush(sim.world.clock.now());
  sim.fetches.clear();
  const client::Fetch& after = sim.get("/second");
  REQUIRE(sim.run_until([&] { return after.done(); }));
  CHECK(after.body == "hello");
  CHECK(sim.handler.started == before + 1);
  CHECK(sim.handler.requests.back().target.raw == "/second");
  CHECK(sim.close().empty());
}

TEST_CASE("With other limits than those of its ticket a client resumes without early data") {
  Visited visited(9);
  auto& [process, sim, kept] = visited;
  SecurityInfo seen;
  sim.handler.answer = [&](RequestContext context, Responder& responder) {
    seen = context.peer.security;
    (void)responder.respond({}, body_of(context.services.pool, "hello"));
    return nullptr;
  };
  const auto refused = [&] {
    process.start(sim);
    return get_answer(sim, kept) && was_refused(sim) && seen.resumed && !seen.early_data &&
           sim.close().empty();
  };
  SECTION("more streams") {
    sim.config.streams_bidi = 101;
    CHECK(refused());
  }
  SECTION("a smaller window") {
    sim.config.stream_window = 1000;
    CHECK(refused());
  }
  SECTION("other SETTINGS") {
    ++sim.traits.settings_tag;
    CHECK(refused());
  }
  SECTION("back to those of the ticket") {
    sim.config.streams_bidi = 101;
    CHECK(refused());
    sim.config.streams_bidi = 100;
    process.start(sim);
    CHECK(get_answer(sim, kept));
    CHECK(was_early(sim));
  }
  CHECK(process.replays.counters().rejected == 1);
}

TEST_CASE("A client moved to QUIC version 2 comes back in it with early data, and in no other") {
  constexpr std::uint32_t kV1 = 1, kV2 = 0x6b3343cf;
  Process process;
  SimH3 sim(10);
  sim.config.upgrade_version = true;
  process.start(sim);
  sim.client_config.versions = {kV1, kV2};
  const auto kept = first_visit(sim);

  return_with(sim, kept);  // offers version 1 first
  CHECK_FALSE(sim.client->ready());
  CHECK(sim.close().empty());

  sim.client_config.version = kV2;
  CHECK(get_answer(sim, kept));
  CHECK(was_early(sim));
  CHECK(sim.close().empty());
}

TEST_CASE("Early data of QUIC version 1 is answered once by a server that moves to version 2") {
  Process process;
  SimH3 sim(11);
  sim.config.upgrade_version = true;
  process.start(sim);
  const auto kept = first_visit(sim);
  sim.client_config.versions = {1, 0x6b3343cf};
  CHECK(get_answer(sim, kept));
  CHECK(was_early(sim));
  CHECK(sim.close().empty());
}

TEST_CASE("The SETTINGS that a client remembers tell two servers' tickets apart") {
  const auto before = h3::traits(Limits{}).settings_tag;
  CHECK(before == h3::traits(Limits{}).settings_tag);
  for (const auto field :
       {&Limits::header_list_bytes, &Limits::qpack_blocked_streams, &Limits::qpack_table_bytes}) {
    Limits limits;
    ++(limits.*field);
    CHECK(before != h3::traits(limits).settings_tag);
  }
}

}  // namespace
}  // namespace troika::test
