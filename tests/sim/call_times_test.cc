// How long a call waits for its origin, and what is left of one that is cancelled: whole
// connections, with TLS and QUIC, in virtual time.
#include <catch2/catch_template_test_macros.hpp>

#include "sim/tcp_world.h"
#include "support/responses.h"
#include "support/sim_h3.h"

namespace troika::sim {
namespace {

using namespace std::chrono_literals;

// One connection, and one call on it.
template <const char* kAlpn>
struct OverTcp : TcpWorld {
  OverTcp() : TcpWorld({kAlpn}) {}
  void open() {
    visit_ = &visit(*process_.workers[0]);
    visit_->link.room = 256U << 10U;
    REQUIRE(run_until([&] { return visit_->connection->ready(); }));
    run_for(1s);
  }
  client::Fetch& call(std::unique_ptr<BodySource> body = nullptr) {
    const char* const method = body == nullptr ? "GET" : "POST";
    return fetch(*visit_, method, std::move(body));
  }
  std::size_t client_bytes() const { return client_pool.outstanding(); }

 private:
  SeededRandom seed_{1};
  TcpProcess process_{random_secrets(seed_)};
  Visit* visit_ = nullptr;
};

constexpr char kH1[] = "http/1.1", kH2[] = "h2";

struct OverQuic : test::SimH3 {
  OverQuic() : test::SimH3(1, {.delay = kOneWay}) {}
  void open() {
    REQUIRE(handshake());
    run_for(1s);
  }
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }
  client::Fetch& call(std::unique_ptr<BodySource> body = nullptr) {
    const Method method = body == nullptr ? Method::get : Method::post;
    return fetch(test::make_request("/", method), std::move(body));
  }
  std::size_t client_bytes() const { return client_pool.outstanding(); }
};

using H1 = OverTcp<kH1>;
using H2 = OverTcp<kH2>;
using H3 = OverQuic;

}  // namespace

TEMPLATE_TEST_CASE("A silent origin fails the call when its time is over, and not before", "", H1,
                   H2, H3) {
  int jobs = 0;
  {
    TestType sim;
    sim.call_timeouts = {.first_byte = 20s};
    sim.handler.answer = test::hold(jobs);
    sim.open();
    client::Fetch& call = sim.call();
    sim.run_for(20s - 1ms);
    CHECK_FALSE(call.failed());
    CHECK(jobs == 1);
    sim.run_for(2ms);
    REQUIRE(call.failed());
    CHECK(call.failure().step == CallStep::wait);
    CHECK(call.failure().reason == AbortReason::timeout);
    CHECK_FALSE(call.failure().replayable);
    sim.run_for(4 * kOneWay);
    CHECK(jobs == 0);  // the origin has heard of it
  }
}

TEMPLATE_TEST_CASE("An origin that stops in the middle fails the call when its time is over", "",
                   H1, H2, H3) {
  test::BodyProbe probe;
  TestType sim;
  sim.call_timeouts = {.first_byte = 1000s, .between_bytes = 20s};
  sim.handler.answer =
      test::with_steps({test::BodyStep::data("some"), test::BodyStep::blocked()}, &probe);
  sim.open();
  client::Fetch& call = sim.call();
  REQUIRE(sim.run_until([&] { return call.received() == 4; }, 5s));
  sim.run_for(20s - 1ms);
  CHECK_FALSE(call.failed());
  sim.run_for(2ms);
  REQUIRE(call.failed());
  CHECK(call.failure().step == CallStep::receive);
  CHECK(call.failure().reason == AbortReason::timeout);
  sim.run_for(4 * kOneWay);
  CHECK(probe.alive == 0);
}

TEMPLATE_TEST_CASE("An origin that does not read fails the call when its time is over", "", H1, H2,
                   H3) {
  int jobs = 0;
  TestType sim;
  sim.call_timeouts = {.first_byte = 1000s, .between_bytes = 20s};
  sim.services.snapshot = make_ref<Snapshot>(sim.handler, ExchangeTimeouts{.handler = 1000s});
  sim.handler.answer = test::hold(jobs);
  sim.open();
  client::Fetch& call = sim.call(std::make_unique<test::PatternBody>(sim.client_pool, 64U << 20U));
  sim.run_for(20s - 1ms);
  CHECK_FALSE(call.failed());
  sim.run_for(5s);
  REQUIRE(call.failed());
  CHECK(call.failure().step == CallStep::send);
  CHECK(call.failure().reason == AbortReason::timeout);
}

TEMPLATE_TEST_CASE("A call that is cancelled frees what it holds in the same turn", "", H1, H2,
                   H3) {
  // Sent nothing yet, sent the head, sent content, has the head, has some of the content.
  for (const int step : {0, 1, 2, 3, 4}) {
    CAPTURE(step);
    int jobs = 0;
    test::BodyProbe up, down;
    TestType sim;
    sim.handler.answer = [&](RequestContext context, Responder& responder) {
      auto job = std::make_unique<test::CountedJob>(jobs);
      if (step > 2) {
        std::ignore = responder.respond(
            {}, test::scripted(context.services.pool,
                               {test::BodyStep::data(std::string(step > 3 ? 1000 : 1, 'x')),
                                test::BodyStep::blocked()},
                               &down));
      }
      return job;
    };
    sim.open();
    const std::size_t before = sim.client_bytes();
    std::vector<test::BodyStep> steps{test::BodyStep::blocked()};
    if (step > 1) steps.insert(steps.begin(), test::BodyStep::data("content"));
    client::Fetch& call = sim.call(test::scripted(sim.client_pool, std::move(steps), &up));
    call.set_paused(step == 4);
    if (step > 0) sim.run_for(2 * kOneWay + 1ms);
    CHECK(jobs == (step > 0 ? 1 : 0));
    call.cancel();
    CHECK(up.alive == 0);
    sim.run_for(0s);
    if constexpr (!std::is_same_v<TestType, H3>) {
      CHECK(sim.client_bytes() == before);
    }
    sim.run_for(2 * kOneWay);
    CHECK(jobs == 0);
    CHECK(down.alive == 0);
    CHECK(sim.client_bytes() == before);
    CHECK_FALSE(call.failed());
  }
}

}  // namespace troika::sim
