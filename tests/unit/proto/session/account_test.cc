// What a connection's account says is held for its peer. That it is 0 in the end is checked by
// every test of a pair of sessions.
#include <catch2/catch_template_test_macros.hpp>
#include <type_traits>

#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::size_t kFields = 20'000;
constexpr std::size_t kSlack = 4000;  // of the response itself

Request large_request() {
  Request request = make_request("/a?b=c");
  request.headers.add("x-large", std::string(kFields, 'x'));
  return request;
}

std::size_t held_by_server(const BytePair& pair) { return pair.host.held.held(); }
std::size_t held_by_server(const H3Pair& pair) { return pair.server->held.held(); }
std::size_t held_by_client(const BytePair& pair) { return pair.client_host.held.held(); }
std::size_t held_by_client(const H3Pair& pair) { return pair.client->held.held(); }

Account& of_server(H2Pair& pair) { return pair.host.held; }
Account& of_client(H2Pair& pair) { return pair.client_host.held; }
Account& of_server(H3Pair& pair) { return pair.server->held; }
Account& of_client(H3Pair& pair) { return pair.client->held; }
void end(H2Pair& pair) {
  pair.wire.reset();
  pair.client.reset();
  pair.server.reset();
}
void end(H3Pair& pair) {
  pair.client_app.reset();
  pair.server_app.reset();
}

// Responds when it is told to.
struct Later {
  ScriptedHandler::Answer answer() {
    return [this](RequestContext context, Responder& to) {
      request = &context.request;
      responder = &to;
      return std::make_unique<CountedJob>(jobs);
    };
  }
  int jobs = 0;
  const Request* request = nullptr;
  Responder* responder = nullptr;
};

}  // namespace

TEMPLATE_TEST_CASE("the fields of a request are held until its response begins", "", H1Pair, H2Pair,
                   H3Pair) {
  Later later;
  TestType pair;
  pair.handler.answer = later.answer();
  const PairCall& call = pair.fetch(large_request());
  const std::size_t waiting = held_by_server(pair);
  CHECK(waiting > kFields);
  CHECK(held_by_client(pair) > kFields);
  BodyProbe probe;
  std::ignore = later.responder->respond(
      {}, scripted(pair.pool, {BodyStep::data("a"), BodyStep::blocked()}, &probe));
  pair.run();
  CHECK(held_by_server(pair) + kFields < waiting + kSlack);
  CHECK(later.request->headers.empty());
  CHECK(later.request->target.path.empty());
  probe.release();
  pair.run();
  CHECK(call.whole());
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].method == "GET");
  CHECK(pair.observer.entries[0].target == "/a?b=c");
  CHECK(pair.observer.entries[0].authority == "localhost");
  CHECK(later.jobs == 0);
}

TEMPLATE_TEST_CASE("beyond a connection's memory a request is refused, and may be sent again", "",
                   H2Pair, H3Pair) {
  TestType pair;
  pair.limits.connection_memory = pair.limits.retained_bytes = 1U << 20U;
  const std::size_t most =
      pair.limits.connection_memory + (std::is_same_v<TestType, H3Pair> ? 1U << 20U : 0U);
  pair.handler.answer = with_pattern(10);
  CHECK(pair.fetch("/").whole());
  Account& held = of_server(pair);
  Charge rest(held);
  rest.set(most - held.held() - kSlack);  // for what the library takes before it asks
  CHECK(pair.fetch("/").whole());
  rest.set(0);
  rest.set(most - held.held() + 1);
  const PairCall& refused = pair.fetch("/");
  CHECK(refused.receiver.failed == AbortReason::refused);
  CHECK(refused.receiver.failure->replayable);
  CHECK(pair.services.misconduct.over_memory == 1);
  CHECK(pair.handler.requests.size() == 2);
  rest.set(0);
  CHECK(pair.fetch("/").whole());
}

TEMPLATE_TEST_CASE("while memory is scarce a request gets 503, without its handler", "", H1Pair,
                   H2Pair, H3Pair) {
  TestType pair;
  pair.handler.answer = with_pattern(10);
  pair.services.overloaded = true;
  const PairCall& call = pair.fetch("/");
  CHECK(call.whole());
  CHECK(call.receiver.status() == 503);
  CHECK(call.receiver.head->headers.get("retry-after") == "1");
  CHECK(pair.handler.requests.empty());
  pair.services.overloaded = false;
  CHECK(pair.fetch("/").receiver.status() == 200);
}

TEMPLATE_TEST_CASE("an upload that nobody reads is held, and what is read is not", "", H1Pair,
                   H2Pair, H3Pair) {
  constexpr std::size_t kSize = 50'000;
  int jobs = 0;
  BodySource* upload = nullptr;
  Responder* answer = nullptr;
  TestType pair;
  pair.handler.answer = hold(jobs, &answer, &upload);
  pair.fetch("/", body_of(pair.pool, pattern(kSize)));
  const std::size_t unread = held_by_server(pair);
  CHECK(unread >= kSize);
  CHECK(unread <= kSize + 3 * 65536);
  std::string got;
  CHECK(read_body(*upload, got) == ReadState::end);
  CHECK(held_by_server(pair) + kSize < unread + kSlack);
  std::ignore = answer->respond({}, nullptr);
  pair.run();
}

TEMPLATE_TEST_CASE("a response that nobody reads is held by the client, and at its end by nobody",
                   "", H1Pair, H2Pair, H3Pair) {
  TestType pair;
  pair.handler.answer = with_pattern(100'000);
  PairCall& call = pair.start("/");
  call.reads = false;
  pair.run();
  const std::size_t unread = held_by_client(pair);
  CHECK(unread >= 100'000);
  call.reads = true;
  pair.run();
  CHECK(call.whole());
  CHECK(held_by_client(pair) + 100'000 < unread + kSlack);
}

TEST_CASE("what HTTP/3 keeps until it is acknowledged is held") {
  H3Pair pair;
  pair.handler.answer = with_pattern(100'000);
  pair.open();
  pair.server->hold_acks = true;
  pair.client->hold_acks = true;
  pair.fetch("/");
  const std::size_t kept = held_by_server(pair);
  CHECK(kept >= 100'000);
  pair.client->hold_acks = pair.server->hold_acks = false;
  pair.client->release_acks();
  pair.server->release_acks();
  pair.run();
  CHECK(held_by_server(pair) + 100'000 < kept + kSlack);
}

TEST_CASE("of a target and an authority a held request keeps what its summary needs") {
  Later later;
  H2Pair pair;
  pair.handler.answer = later.answer();
  Request request = make_request("/" + std::string(5000, 'p'));
  request.authority = std::string(300, 'a');
  pair.fetch(request);
  std::ignore = later.responder->respond({}, nullptr);
  pair.run();
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].target == "/" + std::string(kTargetKept - 1, 'p'));
  CHECK(pair.observer.entries[0].authority == std::string(kAuthorityKept, 'a'));
}

TEMPLATE_TEST_CASE("What the library of a protocol holds is charged until its session has gone", "",
                   H2Pair, H3Pair) {
  TestType pair;
  REQUIRE(pair.fetch("/").whole());
  const std::size_t idle = of_server(pair).held(), idle_client = of_client(pair).held();
  CHECK(idle > 1000);
  CHECK(idle_client > 1000);
  int jobs = 0;
  pair.handler.answer = hold(jobs);
  for (int i = 0; i < 10; ++i) pair.start("/held");
  pair.run();
  CHECK(of_server(pair).held() > idle + 1000);
  CHECK(of_client(pair).held() > idle_client + 1000);
  pair.calls.clear();
  end(pair);
  CHECK(of_server(pair).held() == 0);
  CHECK(of_client(pair).held() == 0);
}
