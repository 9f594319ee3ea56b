// Requests and responses between the two sessions, nothing going wrong.
#include "h3_pair.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("h3: GET is answered with head and body") {
  OpenPair pair;
  const Ask& ask = pair.fetch("GET", "/a?b=c");
  CHECK(ask.state == ReadState::end);
  CHECK(ask.stream->finished());

  REQUIRE(pair.handler.requests.size() == 1);
  const Request& seen = pair.handler.requests[0];
  CHECK(seen.method == Method::get);
  CHECK(seen.target.raw == "/a?b=c");
  CHECK(seen.authority == "localhost");
  CHECK(seen.version == HttpVersion::http3);
  CHECK_FALSE(seen.has_body);
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].status == 200);
  CHECK(pair.observer.entries[0].body_bytes == 5);
  CHECK(pair.observer.entries[0].aborted == AbortReason::none);
  CHECK(pair.server_app->idle());
  CHECK(pair.client_app->idle());
}

TEST_CASE("h3: a request body is echoed whole, windows opening as it is read") {
  OpenPair pair;
  int jobs = 0;
  pair.handler.answer = echo(jobs);
  pair.client->packet = 1111;
  const std::size_t size = 3'000'001;
  const Ask& ask = pair.fetch("POST", "/", std::make_unique<PatternBody>(pair.pool, size));
  CHECK(ask.state == ReadState::end);
  CHECK((ask.body == pattern(size)));
  CHECK(pair.handler.requests[0].content_length == size);
  CHECK(jobs == 0);
  CHECK(pair.observer.entries[0].body_bytes == size);
  CHECK(pair.server->connection_window_left() == pair.limits.connection_window);
  CHECK(pair.client->connection_window_left() == pair.client_settings.connection_window);
}

TEST_CASE("h3: informational responses and trailers go both ways") {
  H3Pair pair;
  std::string got;
  HeaderMap request_trailers;
  pair.handler.answer = [&](RequestContext context, Responder& responder) {
    ResponseHead early;
    early.status = 103;
    early.headers.add("link", "</style.css>");
    CHECK(responder.inform(early).has_value());
    CHECK(read_body(context.body, got) == ReadState::end);
    request_trailers = *context.body.trailers();
    HeaderMap trailers;
    trailers.add("x-sum", "7");
    (void)responder.respond({}, scripted(context.services.pool, {BodyStep::data("abc")}, nullptr,
                                         std::nullopt, trailers));
    return nullptr;
  };
  pair.start();
  HeaderMap trailers;
  trailers.add("x-checked", "yes");
  auto& ask = pair.fetch(
      "POST", "/", scripted(pair.pool, {BodyStep::data("up")}, nullptr, std::nullopt, trailers));
  CHECK(got == "up");
  CHECK(request_trailers.get("x-checked") == "yes");
  REQUIRE(ask.receiver.informational.size() == 1);
  CHECK(ask.receiver.informational[0].status == 103);
  CHECK(ask.receiver.informational[0].headers.get("link") == "</style.css>");
  CHECK(ask.body == "abc");
  REQUIRE(ask.stream->body().trailers() != nullptr);
  CHECK(ask.stream->body().trailers()->get("x-sum") == "7");
}

TEST_CASE("h3: trailers after no body at all still come") {
  H3Pair pair;
  HeaderMap trailers;
  trailers.add("x-sum", "0");
  pair.handler.answer = with_steps({}, nullptr, std::nullopt, std::move(trailers));
  pair.start();
  Ask& ask = pair.fetch("GET", "/");
  CHECK(ask.state == ReadState::end);
  CHECK(ask.stream->body().trailers()->get("x-sum") == "0");
}

TEST_CASE("h3: a body that waits does not hold up the others, and goes on when woken") {
  H3Pair pair;
  BodyProbe probe;
  pair.handler.answer = [&](RequestContext context, Responder& responder) {
    std::unique_ptr<BodySource> body;
    if (context.request.target.path == "/slow") {
      body = scripted(
          context.services.pool,
          {BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b"), BodyStep::blocked()},
          &probe);
    } else {
      body = body_of(context.services.pool, "quick");
    }
    (void)responder.respond({}, std::move(body));
    return nullptr;
  };
  pair.start();
  const Ask& slow = pair.ask("GET", "/slow");
  const Ask& quick = pair.fetch("GET", "/quick");
  CHECK(quick.state == ReadState::end);
  CHECK(slow.body == "a");
  CHECK(slow.state == ReadState::blocked);
  const std::size_t pulls = probe.pulls;
  pair.pass(std::chrono::seconds(1));
  CHECK(probe.pulls == pulls);  // it is not asked again before it wakes

  probe.release();
  pair.run();
  CHECK(slow.body == "ab");
  probe.release();
  pair.run();
  CHECK(slow.state == ReadState::end);
  CHECK(probe.alive == 0);
}

TEST_CASE("h3: sixteen hundred requests in a row are all answered on one connection") {
  OpenPair pair;
  for (int i = 0; i < 1600; ++i) {
    const Ask& ask = pair.fetch("GET", "/");
    REQUIRE(ask.body == "hello");
    pair.asks.clear();
  }
  CHECK(pair.observer.entries.size() == 1600);
  CHECK(pair.server->bidi_granted == 1600);
}

TEST_CASE("h3: requests beyond the limit on streams wait until one ends") {
  H3Pair pair;
  pair.limits.concurrent_streams = 2;
  BodyProbe probe;
  pair.handler.answer = with_steps({BodyStep::blocked()}, &probe);
  pair.start();
  pair.ask("GET", "/1");
  CHECK_FALSE(pair.client_app->full());
  pair.ask("GET", "/2");
  CHECK(pair.client_app->full());
  RecordingReceiver third;
  const auto refused = pair.client_app->start(make_request("GET", "/3"), nullptr, third);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  pair.run();
  probe.release();
  pair.run();
  CHECK_FALSE(pair.client_app->full());
  CHECK(pair.client_app->start(make_request("GET", "/3"), nullptr, third).has_value());
}

TEST_CASE("h3: a session that is not ready takes no requests") {
  H3Pair pair;
  pair.client = std::make_unique<FakeQuic>(false);
  pair.server = std::make_unique<FakeQuic>(true);
  pair.client_app = h3::make_client_session(pair.pool, pair.limits, *pair.client);
  RecordingReceiver receiver;
  const auto early = pair.client_app->start(make_request("GET", "/"), nullptr, receiver);
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().code == ErrorCode::unavailable);

  FakeQuic::Settings few;
  few.uni_streams = 2;
  FakeQuic narrow(false, few);
  const auto client = h3::make_client_session(pair.pool, pair.limits, narrow);
  CHECK_FALSE(client->on_ready().has_value());
  CHECK(client->close_code() == 0x101);
}
