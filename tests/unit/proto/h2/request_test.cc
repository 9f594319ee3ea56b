// Requests that go well, from our client session to our server session.
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "pair.h"

namespace troika::h2 {
namespace {

using test::body_of;
using test::BodyProbe;
using test::BodyStep;
using test::CountedJob;
using test::PatternBody;
using test::ScriptedBody;

int jobs = 0;

TEST_CASE("a GET gets its response, and one summary is emitted") {
  Pair pair;
  Call& call = pair.fetch(make_request("/a?b=c"));
  REQUIRE(call.whole());
  CHECK(call.stream->finished());
  CHECK_FALSE(call.receiver.failed);
  REQUIRE(pair.handler.requests.size() == 1);
  const Request& seen = pair.handler.requests[0];
  CHECK(seen.method_text == "GET");
  CHECK(seen.authority == "example.test");
  CHECK(seen.target.path == "/a");
  CHECK(seen.target.query == "b=c");
  CHECK(seen.version == HttpVersion::http2);
  CHECK_FALSE(seen.has_body);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].status == 200);
  CHECK(pair.observer.entries[0].body_bytes == 5);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("a body of several megabytes comes back byte for byte, trailers behind it") {
  Pair pair;
  pair.handler.answer = test::echo(jobs);
  HeaderMap trailers;
  trailers.add("x-sum", "42");
  constexpr std::size_t kSize = 3U << 20U;
  std::vector<BodyStep> steps;
  steps.push_back(BodyStep::data(test::pattern(kSize)));
  Call& call = pair.fetch(
      make_request("/", Method::post),
      test::scripted(pair.pool, std::move(steps), nullptr, std::nullopt, std::move(trailers)));
  REQUIRE(call.whole());
  CHECK(call.body.size() == kSize);
  CHECK(call.body == test::pattern(kSize));
  REQUIRE(call.stream->body().trailers() != nullptr);
  CHECK(call.stream->body().trailers()->get("x-sum") == "42");
  CHECK(pair.observer.entries.at(0).body_bytes == kSize);
  CHECK(jobs == 0);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("a body that blocks goes on when it is woken, in both directions") {
  BodyProbe up, down;
  Pair pair;
  pair.handler.answer =
      test::with_steps({BodyStep::data("one "), BodyStep::blocked(), BodyStep::data("two")}, &down);
  Call& call =
      pair.start(make_request("/", Method::post),
                 test::scripted(pair.pool, {BodyStep::blocked(), BodyStep::data("late")}, &up));
  pair.run();
  CHECK(call.body == "one ");
  CHECK_FALSE(call.whole());
  pair.host.take();
  down.release();
  CHECK(pair.host.take());
  pair.client_host.take();
  up.release();
  CHECK(pair.client_host.take());
  pair.run();
  CHECK(call.whole());
  CHECK(call.body == "one two");
  CHECK(down.alive == 0);
  CHECK(up.alive == 0);
}

TEST_CASE("informational responses come before the final one") {
  Pair pair;
  pair.handler.answer = [](RequestContext, Responder& responder) -> std::unique_ptr<Job> {
    ResponseHead early;
    early.status = 103;
    early.headers.add("link", "</style.css>; rel=preload");
    std::ignore = responder.inform(early);
    std::ignore = responder.respond({}, nullptr);
    return nullptr;
  };
  Call& call = pair.fetch(make_request("/"));
  CHECK(call.whole());
  REQUIRE(call.receiver.informational.size() == 1);
  CHECK(call.receiver.informational[0].status == 103);
  CHECK(call.receiver.informational[0].headers.has("link"));
  CHECK(call.receiver.status() == 200);
}

TEST_CASE("100 Continue is sent when the handler reads a body that was held back") {
  BodySource* upload = nullptr;
  Responder* answer = nullptr;
  std::string got;
  BodyProbe up;
  Pair pair;
  pair.handler.answer = [&](RequestContext context, Responder& responder) {
    upload = &context.body;
    answer = &responder;
    CHECK(test::read_body(*upload, got) == test::ReadState::blocked);
    return std::make_unique<CountedJob>(jobs);
  };
  Request request = make_request("/", Method::post);
  request.expects_continue = true;
  std::vector<BodyStep> steps;
  steps.push_back(BodyStep::blocked());
  steps.push_back(BodyStep::data("body"));
  Call& call = pair.fetch(std::move(request), test::scripted(pair.pool, std::move(steps), &up));
  REQUIRE(call.receiver.informational.size() == 1);
  CHECK(call.receiver.informational[0].status == 100);
  up.release();
  pair.run();
  CHECK(test::read_body(*upload, got) == test::ReadState::end);
  CHECK(got == "body");
  CHECK(answer->respond({}, nullptr));
  pair.run();
  CHECK(call.whole());
  CHECK(jobs == 0);
}

TEST_CASE("many requests at once are answered each with its own body") {
  Pair pair;
  pair.handler.answer = [](RequestContext context, Responder& responder) -> std::unique_ptr<Job> {
    const std::size_t size = 1000 * std::stoul(context.request.target.path.substr(1));
    std::ignore = responder.respond({}, std::make_unique<PatternBody>(context.services.pool, size));
    return nullptr;
  };
  for (int i = 1; i <= 100; ++i) pair.start(make_request(std::format("/{}", i)));
  pair.run();
  std::size_t i = 0;
  for (const Call& call : pair.calls) {
    ++i;
    REQUIRE(call.whole());
    REQUIRE(call.body == test::pattern(1000 * i));
  }
  CHECK(pair.observer.entries.size() == 100);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("the same responses come when the bytes arrive one by one") {
  Pair pair;
  pair.wire->chunk = 1;
  pair.handler.answer = test::echo(jobs);
  Call& call = pair.fetch(make_request("/", Method::post), body_of(pair.pool, test::pattern(2000)));
  CHECK(call.whole());
  CHECK(call.body == test::pattern(2000));
  CHECK(pair.handler.requests.at(0).content_length == 2000U);
}

TEST_CASE("the DATA frames of a large body are as long as one TLS record") {
  Pair pair;
  pair.handler.answer = test::with_pattern(163750);
  pair.wire->run();
  const std::uint64_t before = pair.wire->to_client;
  Call& call = pair.fetch(make_request("/"));
  CHECK(call.whole());
  // Ten frames of 16375 bytes and a header of 9, and one HEADERS frame.
  const std::uint64_t bytes = pair.wire->to_client - before;
  CHECK(bytes >= 163750 + 11 * 9);
  CHECK(bytes < 163750 + 11 * 9 + 300);
}

}  // namespace
}  // namespace troika::h2
