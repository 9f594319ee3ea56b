// Tunnels between our client session and our server session: an upgrade on h1, extended CONNECT on
// h2 and h3. Both sides see one form.
#include <catch2/catch_template_test_macros.hpp>

#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;
using std::chrono::milliseconds;

namespace {

Request tunnel_to(std::string target) {
  Request request = make_request(std::move(target));
  request.protocol = "websocket";
  request.headers.add("sec-websocket-version", "13");
  return request;
}

// A pair whose handler takes tunnels and gives back what comes through them.
template <class Pair>
struct TunnelPair : Pair {
  int jobs = 0;
  BodyProbe probe;  // of what the client sends

  TunnelPair() {
    this->handler.tunnels = true;
    this->handler.answer = echo_tunnel(jobs);
  }
  ~TunnelPair() override {
    this->calls.clear();
    this->run();
    CHECK(jobs == 0);
    CHECK(probe.alive == 0);
  }
  // The client sends `steps`, and ends its side after them unless the last one is `blocked`.
  PairCall& open_tunnel(std::vector<BodyStep> steps) {
    if (this->user == nullptr) this->open();
    this->run();  // the server's settings have come
    PairCall& call =
        this->start(tunnel_to("/chat"), scripted(this->pool, std::move(steps), &probe));
    this->run();
    return call;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("R36: a tunnel carries bytes both ways, and both sides see one form", "", H1Pair,
                   H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  PairCall& call = pair.open_tunnel({BodyStep::data("hello "), BodyStep::blocked(),
                                     BodyStep::data("again"), BodyStep::blocked()});
  REQUIRE(call.receiver.head);
  CHECK(call.receiver.head->tunnel);
  CHECK(call.body == "hello ");
  const Request& seen = pair.handler.requests.at(0);
  CHECK(seen.protocol == "websocket");
  CHECK(seen.target.path == "/chat");
  CHECK(seen.authority == "localhost");
  CHECK_FALSE(seen.has_body);
  CHECK_FALSE(seen.content_length);
  CHECK_FALSE(seen.headers.has("sec-websocket-key"));
  pair.probe.release();
  pair.run();
  CHECK(call.body == "hello again");
  CHECK(pair.jobs == 1);
  CHECK(pair.observer.entries.empty());
}

TEMPLATE_TEST_CASE("R39: a tunnel whose client ends its side goes on the other way", "", H1Pair,
                   H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  Responder* responder = nullptr;
  BodySource* upload = nullptr;
  BodyProbe answer;
  pair.handler.answer = [&](RequestContext context, Responder& to) -> std::unique_ptr<Job> {
    responder = &to;
    upload = &context.body;
    auto job = std::make_unique<CountedJob>(pair.jobs);
    ResponseHead head;
    head.tunnel = true;
    std::ignore = to.respond(
        head,
        scripted(pair.pool, {BodyStep::data("first"), BodyStep::blocked(), BodyStep::data(" last")},
                 &answer));
    return job;
  };
  PairCall& call = pair.open_tunnel({BodyStep::data("bye")});
  std::string got;
  CHECK(read_body(*upload, got) == ReadState::end);
  CHECK(got == "bye");
  CHECK(call.body == "first");
  CHECK(call.state == ReadState::blocked);
  CHECK(pair.jobs == 1);
  answer.release();
  pair.run();
  CHECK(call.body == "first last");
  CHECK(call.state == ReadState::end);
  CHECK(call.stream->finished());
  CHECK_FALSE(call.receiver.failed);
  CHECK(pair.jobs == 0);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
  CHECK(pair.observer.entries[0].body_bytes == 10);
}

TEMPLATE_TEST_CASE("R39: a tunnel whose server ends its side goes on the other way", "", H1Pair,
                   H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  BodySource* upload = nullptr;
  pair.handler.answer = [&](RequestContext context, Responder& to) -> std::unique_ptr<Job> {
    upload = &context.body;
    auto job = std::make_unique<CountedJob>(pair.jobs);
    ResponseHead head;
    head.tunnel = true;
    std::ignore = to.respond(head, scripted(pair.pool, {BodyStep::data("only")}));
    return job;
  };
  PairCall& call =
      pair.open_tunnel({BodyStep::data("one"), BodyStep::blocked(), BodyStep::data(" two")});
  CHECK(call.body == "only");
  CHECK(call.state == ReadState::end);
  CHECK_FALSE(call.stream->finished());
  CHECK(pair.jobs == 1);
  std::string got;
  CHECK(read_body(*upload, got) == ReadState::blocked);
  pair.probe.release();
  pair.run();
  CHECK(read_body(*upload, got) == ReadState::end);
  CHECK(got == "one two");
  pair.run();
  CHECK(pair.jobs == 0);
  CHECK(call.stream->finished());
  CHECK_FALSE(call.receiver.failed);
}

TEMPLATE_TEST_CASE("A silent tunnel lives as long as tunnel_idle, and no longer", "", H1Pair,
                   H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  PairCall& call = pair.open_tunnel(
      {BodyStep::data("x"), BodyStep::blocked(), BodyStep::data("y"), BodyStep::blocked()});
  pair.pass(pair.exchange_timeouts.tunnel_idle - milliseconds(1));
  CHECK(pair.jobs == 1);
  pair.probe.release();  // bytes either way begin it anew
  pair.run();
  CHECK(call.body == "xy");
  pair.pass(pair.exchange_timeouts.tunnel_idle - milliseconds(1));
  CHECK(pair.jobs == 1);
  CHECK_FALSE(call.receiver.failed);
  pair.pass(milliseconds(2));
  CHECK(pair.jobs == 0);
  CHECK(call.receiver.failed.has_value());
  CHECK(pair.observer.entries.at(0).aborted == AbortReason::timeout);
}

TEMPLATE_TEST_CASE("R39: a tunnel that its client gives up is over at once", "", H1Pair, H2Pair,
                   H3Pair) {
  TunnelPair<TestType> pair;
  PairCall& call = pair.open_tunnel({BodyStep::data("x"), BodyStep::blocked()});
  CHECK(pair.jobs == 1);
  call.stream.reset();
  pair.run();
  CHECK(pair.probe.alive == 0);
}

TEMPLATE_TEST_CASE("R39: a tunnel that its server gives up fails for the client", "", H1Pair,
                   H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  pair.handler.answer = [&](RequestContext, Responder& to) -> std::unique_ptr<Job> {
    auto job = std::make_unique<CountedJob>(pair.jobs);
    ResponseHead head;
    head.tunnel = true;
    std::ignore = to.respond(head, scripted(pair.pool, {BodyStep::data("x"), BodyStep::error()}));
    return job;
  };
  PairCall& call = pair.open_tunnel({BodyStep::blocked()});
  CHECK(call.receiver.failed.has_value());
  CHECK(pair.jobs == 0);
  CHECK(pair.probe.alive == 0);
}

TEMPLATE_TEST_CASE("R38: a tunnel that is refused brings the response, and no byte goes through",
                   "", H1Pair, H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  ResponseHead refusal;
  refusal.status = 401;
  pair.handler.answer = with_head(refusal, "who are you?");
  PairCall& call = pair.open_tunnel({BodyStep::data("secret")});
  CHECK(call.receiver.status() == 401);
  CHECK_FALSE(call.receiver.head->tunnel);
  CHECK(call.body == "who are you?");
  CHECK(call.state == ReadState::end);
  CHECK(pair.probe.pulled_bytes == 0);
  CHECK(pair.probe.alive == 0);
}

TEMPLATE_TEST_CASE("Bytes that come before the tunnel is taken wait for it", "", H1Pair, H2Pair,
                   H3Pair) {
  TunnelPair<TestType> pair;
  Responder* responder = nullptr;
  BodySource* upload = nullptr;
  pair.handler.answer = hold(pair.jobs, &responder, &upload);
  PairCall& call = pair.open_tunnel({BodyStep::data("early")});
  CHECK(pair.probe.pulled_bytes == 0);  // our client waits
  ResponseHead head;
  head.tunnel = true;
  REQUIRE(responder->respond(head, scripted(pair.pool, {BodyStep::data("x")})));
  pair.run();
  std::string got;
  CHECK(read_body(*upload, got) == ReadState::end);
  CHECK(got == "early");
  pair.run();
  CHECK(call.state == ReadState::end);
}

TEMPLATE_TEST_CASE("A handler that takes no tunnel is not asked for one", "", H1Pair, H2Pair,
                   H3Pair) {
  TestType pair;
  pair.open();
  pair.run();
  RecordingReceiver receiver;
  auto call = pair.user->start(tunnel_to("/chat"), scripted(pair.pool, {}), receiver, {});
  if (TestType::kVersion == HttpVersion::http11) {
    // There it is a GET, and gets its response.
    REQUIRE(call);
    pair.run();
    CHECK(receiver.status() == 200);
    CHECK(pair.handler.requests.at(0).protocol.empty());
    CHECK(pair.handler.requests.at(0).method == Method::get);
  } else {
    REQUIRE_FALSE(call);
    CHECK(call.error().code == ErrorCode::denied);
  }
}

TEMPLATE_TEST_CASE("A drain lets a tunnel go on until its deadline", "", H1Pair, H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  PairCall& call = pair.open_tunnel(
      {BodyStep::data("x"), BodyStep::blocked(), BodyStep::data("y"), BodyStep::blocked()});
  pair.drain_server();
  pair.run();
  pair.pass(std::chrono::seconds(2));
  CHECK_FALSE(pair.server_finished());
  pair.probe.release();
  pair.run();
  CHECK(call.body == "xy");
  call.stream.reset();
  pair.run();
  CHECK(pair.server_finished());
}

TEMPLATE_TEST_CASE("A tunnel whose client has ended its side before it is taken still begins", "",
                   H1Pair, H2Pair, H3Pair) {
  for (const bool takes : {true, false}) {
    TunnelPair<TestType> pair;
    Responder* responder = nullptr;
    BodySource* upload = nullptr;
    pair.handler.answer = hold(pair.jobs, &responder, &upload);
    PairCall& call = pair.open_tunnel({BodyStep::blocked()});
    CHECK_FALSE(call.receiver.head);
    if constexpr (TestType::kVersion == HttpVersion::http11)
      pair.server->receive_end(pair.clock.now());
    pair.run();
    CHECK(pair.jobs == 1);
    ResponseHead head;
    head.tunnel = takes;
    head.status = takes ? 200 : 403;
    REQUIRE(responder->respond(head, scripted(pair.pool, {BodyStep::data("bytes")})));
    pair.run();
    CHECK(call.receiver.status() == head.status);
    CHECK(call.body == "bytes");
    call.stream.reset();
    pair.run();
  }
}

TEMPLATE_TEST_CASE("A tunnel that is offered waits for its handler, not for its client", "", H1Pair,
                   H2Pair, H3Pair) {
  TunnelPair<TestType> pair;
  pair.timeouts_of_calls.first_byte = std::chrono::hours(1);
  pair.handler.answer = hold(pair.jobs);
  PairCall& call = pair.open_tunnel({BodyStep::data("x")});
  pair.pass(pair.exchange_timeouts.handler - milliseconds(1));
  CHECK(pair.jobs == 1);
  CHECK_FALSE(call.receiver.head);
  pair.pass(milliseconds(2));
  CHECK(pair.jobs == 0);
  CHECK(call.receiver.status() == 504);
}

TEMPLATE_TEST_CASE("A handler that has ended its side can still give up its tunnel", "", H1Pair,
                   H2Pair, H3Pair) {
  for (const bool aborts : {true, false}) {
    CAPTURE(aborts);
    TunnelPair<TestType> pair;
    Responder* responder = nullptr;
    BodySource* upload = nullptr;
    pair.handler.answer = [&](RequestContext context, Responder& to) -> std::unique_ptr<Job> {
      responder = &to;
      upload = &context.body;
      auto job = std::make_unique<CountedJob>(pair.jobs);
      ResponseHead head;
      head.tunnel = true;
      std::ignore = to.respond(head, scripted(pair.pool, {BodyStep::data("only")}));
      return job;
    };
    PairCall& call = pair.open_tunnel({BodyStep::data("one"), BodyStep::blocked()});
    CHECK(call.state == ReadState::end);
    CHECK(pair.jobs == 1);
    if (aborts) {
      responder->abort(AbortReason::handler_failed);
    } else {
      upload->stop(AbortReason::body_stopped);
    }
    pair.run();
    pair.pass(std::chrono::seconds(3));
    CHECK(pair.jobs == 0);
    if (aborts) CHECK(call.receiver.failed);
    if (aborts) CHECK(pair.probe.alive == 0);
    CHECK(pair.observer.entries.size() == 1);
  }
}

TEMPLATE_TEST_CASE("A tunnel that is never taken fails when first_byte is over", "", H1Pair, H2Pair,
                   H3Pair) {
  TunnelPair<TestType> pair;
  pair.services.snapshot =
      make_ref<Snapshot>(pair.handler, ExchangeTimeouts{.handler = std::chrono::hours(2)});
  pair.handler.answer = hold(pair.jobs);
  PairCall& call = pair.open_tunnel({BodyStep::data("x")});
  pair.pass_for_client(pair.timeouts_of_calls.first_byte - milliseconds(1));
  CHECK_FALSE(call.receiver.failed);
  pair.pass_for_client(milliseconds(2));
  REQUIRE(call.receiver.failed);
  CHECK(call.receiver.failed == AbortReason::timeout);
  CHECK(call.receiver.failure->step == CallStep::send);
}
