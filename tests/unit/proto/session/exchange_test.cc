// Requests and responses between our client session and our server session, nothing going wrong.
#include <catch2/catch_template_test_macros.hpp>

#include "base/text.h"
#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

TEMPLATE_TEST_CASE("a GET gets its response, and one summary is emitted", "", H1Pair, H2Pair,
                   H3Pair) {
  TestType pair;
  const PairCall& call = pair.fetch("/a?b=c");
  REQUIRE(call.whole());
  CHECK(call.body == "hello");
  CHECK(call.stream->finished());
  CHECK_FALSE(call.receiver.failed);
  REQUIRE(pair.handler.requests.size() == 1);
  const Request& seen = pair.handler.requests[0];
  CHECK(seen.method == Method::get);
  CHECK(seen.method_text == "GET");
  CHECK(seen.authority == "localhost");
  CHECK(seen.target.raw == "/a?b=c");
  CHECK(seen.target.path == "/a");
  CHECK(seen.target.query == "b=c");
  CHECK(seen.version == TestType::kVersion);
  CHECK_FALSE(seen.has_body);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].status == 200);
  CHECK(pair.observer.entries[0].body_bytes == 5);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
  CHECK(pair.pool.outstanding() == 0);
}

TEMPLATE_TEST_CASE("sixteen hundred requests in a row are all answered on one connection", "",
                   H1Pair, H2Pair, H3Pair) {
  TestType pair;
  for (int i = 0; i < 1600; ++i) {
    const bool head = i % 2 == 1;
    const PairCall& call = pair.fetch(make_request("/", head ? Method::head : Method::get));
    REQUIRE(call.whole());
    REQUIRE(call.body == (head ? "" : "hello"));
    pair.calls.clear();
  }
  CHECK(pair.observer.entries.size() == 1600);
}

TEMPLATE_TEST_CASE("a body comes back byte for byte, however its bytes arrive", "", H1Pair, H2Pair,
                   H3Pair) {
  struct Row {
    std::size_t size, pieces;
  };
  for (const auto& [size, pieces] :
       {Row{2000, 1}, Row{1'000'000, 1021}, Row{3'000'001, 16384}, Row{1'000'000, 100'000}}) {
    for (const bool tells_length : {true, false}) {
      CAPTURE(size, pieces, tells_length);
      int jobs = 0;
      TestType pair;
      pair.handler.answer = echo(jobs);
      pair.open();
      pair.in_pieces_of(pieces);
      HeaderMap trailers;
      if (!tells_length) trailers.add("x-sum", "42");
      PairCall& call =
          pair.fetch("/", scripted(pair.pool, {BodyStep::data(pattern(size))}, nullptr,
                                   tells_length ? std::optional<std::uint64_t>(size) : std::nullopt,
                                   trailers));
      REQUIRE(call.whole());
      CHECK((call.body == pattern(size)));
      CHECK(call.stream->finished());
      const HeaderMap* const got = call.stream->body().trailers();
      if (!tells_length) REQUIRE(got != nullptr);
      if (!tells_length) CHECK(got->get("x-sum") == "42");
      CHECK((pair.handler.requests.at(0).content_length == size) == tells_length);
      CHECK(pair.observer.entries.at(0).body_bytes == size);
      CHECK(jobs == 0);
      CHECK(pair.pool.outstanding() == 0);
      pair.calls.clear();
      CHECK(pair.fetch("/again").whole());
    }
  }
}

TEMPLATE_TEST_CASE("trailers after no body at all still come", "", H1Pair, H2Pair, H3Pair) {
  TestType pair;
  HeaderMap trailers;
  trailers.add("x-sum", "0");
  pair.handler.answer = with_steps({}, nullptr, std::nullopt, std::move(trailers));
  PairCall& call = pair.fetch("/");
  CHECK(call.whole());
  CHECK(call.stream->body().trailers()->get("x-sum") == "0");
}

TEMPLATE_TEST_CASE("informational responses come before the final one", "", H1Pair, H2Pair,
                   H3Pair) {
  TestType pair;
  pair.handler.answer = [](RequestContext, Responder& responder) {
    ResponseHead early;
    early.status = 103;
    early.headers.add("link", "</style.css>; rel=preload");
    CHECK(responder.inform(early));
    std::ignore = responder.respond({}, nullptr);
    return nullptr;
  };
  const PairCall& call = pair.fetch("/");
  CHECK(call.whole());
  REQUIRE(call.receiver.informational.size() == 1);
  CHECK(call.receiver.informational[0].status == 103);
  CHECK(call.receiver.informational[0].headers.get("link") == "</style.css>; rel=preload");
  CHECK(call.receiver.status() == 200);
}

TEMPLATE_TEST_CASE("100 Continue is sent when the handler reads a body that was held back", "",
                   H1Pair, H2Pair, H3Pair) {
  int jobs = 0;
  BodySource* upload = nullptr;
  Responder* answer = nullptr;
  std::string got;
  BodyProbe up;
  TestType pair;
  pair.handler.answer = hold(jobs, &answer, &upload);
  Request request = make_request("/", Method::post);
  request.expects_continue = true;
  if (TestType::kVersion == HttpVersion::http3) request.headers.add("expect", "100-continue");
  const PairCall& call =
      pair.fetch(request, scripted(pair.pool, {BodyStep::blocked(), BodyStep::data("body")}, &up));
  CHECK(call.receiver.informational.empty());
  CHECK(read_body(*upload, got) == ReadState::blocked);
  pair.run();
  REQUIRE(call.receiver.informational.size() == 1);
  CHECK(call.receiver.informational[0].status == 100);
  up.release();
  pair.run();
  CHECK(read_body(*upload, got) == ReadState::end);
  CHECK(got == "body");
  CHECK(answer->respond({}, nullptr));
  pair.run();
  CHECK(call.whole());
  CHECK(jobs == 0);
}

TEMPLATE_TEST_CASE("many requests at once are answered each with its own body", "", H2Pair,
                   H3Pair) {
  TestType pair;
  pair.handler.answer = with_body([](RequestContext context) {
    const std::size_t size = 1000 * std::stoul(context.request.target.path.substr(1));
    return std::make_unique<PatternBody>(context.services.pool, size);
  });
  for (int i = 1; i <= 100; ++i) pair.start(formatted("/{}", i));
  pair.run();
  std::size_t i = 0;
  for (const PairCall& call : pair.calls) {
    REQUIRE(call.whole());
    REQUIRE((call.body == pattern(1000 * ++i)));
  }
  CHECK(pair.observer.entries.size() == 100);
  CHECK(pair.pool.outstanding() == 0);
}

TEMPLATE_TEST_CASE("a body that waits goes on when it is woken, and holds up no other", "", H2Pair,
                   H3Pair) {
  BodyProbe up, down;
  TestType pair;
  pair.handler.answer = with_body([&](RequestContext context) {
    if (context.request.target.path == "/quick") return body_of(context.services.pool, "quick");
    return scripted(context.services.pool,
                    {BodyStep::data("one "), BodyStep::blocked(), BodyStep::data("two")}, &down);
  });
  const PairCall& slow =
      pair.start("/slow", scripted(pair.pool, {BodyStep::blocked(), BodyStep::data("x")}, &up));
  CHECK(pair.fetch("/quick").body == "quick");
  CHECK(slow.body == "one ");
  CHECK(slow.state == ReadState::blocked);
  const std::size_t pulls = down.pulls;
  pair.pass(std::chrono::seconds(1));
  CHECK(down.pulls == pulls);  // it is not asked again before it wakes
  pair.host.take();
  down.release();
  if constexpr (std::is_base_of_v<BytePair, TestType>) CHECK(pair.host.take());
  pair.client_host.take();
  up.release();
  if constexpr (std::is_base_of_v<BytePair, TestType>) CHECK(pair.client_host.take());
  pair.run();
  CHECK(slow.whole());
  CHECK(slow.body == "one two");
  CHECK(up.alive + down.alive == 0);
}
