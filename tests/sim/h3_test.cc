// QUIC, TLS and HTTP/3 together in virtual time, over networks that lose, reorder and double.
#include <catch2/catch_test_macros.hpp>

#include "support/sim_h3.h"

using namespace troika;
using namespace troika::test;

namespace {

sim::Link lossy(double loss) {
  sim::Link link;
  link.loss = loss;
  return link;
}

constexpr std::size_t kBody = 10U << 20U;

ScriptedHandler::Answer large_body() {
  return [](RequestContext context, Responder& responder) {
    (void)responder.respond({}, std::make_unique<PatternBody>(context.services.pool, kBody));
    return nullptr;
  };
}

}  // namespace

TEST_CASE("50 of 50 handshakes complete at 30 % loss in both directions") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    SimH3 sim(seed, lossy(0.3));
    REQUIRE(sim.handshake());
    sim.get();
    CHECK(sim.run_until([&] { return sim.all_done(); }));
    CHECK(sim.fetches.at(0)->body == "hello");
    CHECK(sim.close().empty());
  }
}

TEST_CASE("A body of 10 MiB is bit-identical at 5 % loss with reordering and duplication") {
  sim::Link link = lossy(0.05);
  link.reorder = 0.1;
  link.duplicate = 0.05;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    SimH3 sim(seed, link);
    sim.handler.answer = large_body();
    REQUIRE(sim.handshake());
    PatternCheck check;
    Request request;
    request.method_text = "GET";
    request.scheme = "https";
    request.authority = "localhost";
    request.target.raw = "/";
    const client::Fetch& fetch =
        sim.fetch(request, nullptr, [&](std::span<const std::byte> b) { check(b); });
    REQUIRE(sim.run_until([&] { return fetch.done(); }, std::chrono::minutes(10)));
    CHECK(!fetch.failed());
    CHECK(check.at == kBody);
    CHECK(check.same);
    CHECK(sim.close().empty());
  }
}

TEST_CASE("The same seed gives the same list of datagrams, another seed another") {
  const auto run = [](std::uint64_t seed) {
    sim::Link link = lossy(0.05);
    link.reorder = 0.1;
    link.duplicate = 0.05;
    SimH3 sim(seed, link);
    sim.handler.answer = [](RequestContext context, Responder& responder) {
      (void)responder.respond({}, std::make_unique<PatternBody>(context.services.pool, 300000));
      return nullptr;
    };
    REQUIRE(sim.handshake());
    sim.get();
    REQUIRE(sim.run_until([&] { return sim.all_done(); }));
    CHECK(sim.close().empty());
    return sim.world.net.log();
  };
  const auto first = run(7);
  CHECK(first.size() > 200);
  CHECK(first == run(7));
  CHECK(first != run(8));
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
        Request request;
        request.method = method_from(method);
        request.method_text = method;
        request.scheme = "https";
        request.authority = "localhost";
        request.target.raw = "/";
        sim.fetch(request, method == "POST"
                               ? std::make_unique<PatternBody>(sim.client_pool, 100U << 10U)
                               : nullptr);
      }
      REQUIRE(sim.run_until([&] { return sim.all_done(); }));
      for (const auto& fetch : sim.fetches) REQUIRE(fetch->body == "x");
      sim.fetches.clear();
      sim.world.run_for(std::chrono::milliseconds(100));
    }
  };
  run("POST");
  run("GET");
  CHECK(sim.observer.entries.size() == 2 * kRounds);
  CHECK(sim.close().empty());
}

TEST_CASE("A silent client is gone after the idle timeout") {
  SimH3 sim(4);
  REQUIRE(sim.handshake());
  CHECK(sim.endpoint->connections() == 1);
  sim.world.leave(sim.client_port);
  sim.world.run_for(std::chrono::minutes(2));
  CHECK(sim.endpoint->connections() == 0);
  CHECK(sim.endpoint->objects() == 0);
}

TEST_CASE("A drain finishes what is in flight and takes nothing new") {
  SimH3 sim(5);
  BodyProbe probe;
  sim.handler.answer = [&](RequestContext context, Responder& responder) {
    (void)responder.respond(
        {}, std::make_unique<ScriptedBody>(
                context.services.pool,
                std::vector{BodyStep::data("first "), BodyStep::blocked(), BodyStep::data("last")},
                &probe));
    return nullptr;
  };
  REQUIRE(sim.handshake());
  client::Fetch& fetch = sim.get();
  REQUIRE(sim.run_until([&] { return fetch.body == "first "; }));
  sim.endpoint->drain();
  sim.world.run_for(std::chrono::seconds(3));
  CHECK(sim.endpoint->connections() == 1);
  client::Fetch& late = sim.get();
  sim.world.run_for(std::chrono::seconds(1));
  probe.release();
  CHECK(sim.run_until([&] { return fetch.done() && late.done(); }));
  CHECK(fetch.body == "first last");
  CHECK(!fetch.failed());
  CHECK(late.failed());
  CHECK(sim.handler.started == 1);
  CHECK(sim.close().empty());
}
