// QUIC, TLS and HTTP/3 together in virtual time.
#include <catch2/catch_test_macros.hpp>

#include "client/client.h"
#include "support/responses.h"
#include "support/sim_h3.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("A body of 10 MiB is bit-identical at 5 % loss with reordering and duplication") {
  constexpr std::size_t kBody = 10U << 20U;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    SimH3 sim(seed, {.loss = 0.05, .reorder = 0.1, .duplicate = 0.05});
    sim.handler.answer = with_pattern(kBody);
    REQUIRE(sim.handshake());
    PatternCheck check;
    const client::Fetch& fetch = sim.fetch(client::make_request("GET", "localhost", "/"), nullptr,
                                           [&](std::span<const std::byte> b) { check(b); });
    REQUIRE(sim.run_until([&] { return fetch.done(); }, std::chrono::minutes(10)));
    CHECK(!fetch.failed());
    CHECK(check.at == kBody);
    CHECK(check.same);
    CHECK(sim.close().empty());
  }
}

TEST_CASE("Refused uploads leave the windows of an HTTP/3 connection full") {
  constexpr std::uint64_t kRounds = 10000;
  SimH3 sim(3);
  sim.handler.answer = [](RequestContext context, Responder& responder) {
    ResponseHead head;
    head.status = context.request.method == Method::post ? 403 : 200;
    (void)responder.respond(std::move(head), body_of(context.services.pool, "x"));
    return nullptr;
  };
  REQUIRE(sim.handshake());
  const auto run = [&](const std::string& method) {
    for (std::uint64_t i = 0; i < kRounds; i += 50) {
      for (std::uint64_t k = 0; k < 50; ++k) {
        sim.fetch(client::make_request(method, "localhost", "/"),
                  method == "POST" ? std::make_unique<PatternBody>(sim.client_pool, 100U << 10U)
                                   : nullptr);
      }
      REQUIRE(sim.run_until([&] { return sim.all_done(); }));
      for (const auto& fetch : sim.fetches) REQUIRE(fetch->body == "x");
      sim.fetches.clear();
      // Credit that crosses a reset is a glitch for ngtcp2, which endures 330 of them a second.
      sim.world.run_for(std::chrono::milliseconds(200));
    }
  };
  run("POST");
  run("GET");
  CHECK(sim.observer.entries.size() == 2 * kRounds);
  CHECK(sim.close().empty());
}
