#include "exchange_stage.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("A handler starts in advance() and not in begin()") {
  Stage stage;
  stage.exchange->begin(Stage::get());
  CHECK(stage.bench.handler.started == 0);
  stage.exchange->advance();
  stage.exchange->advance();
  CHECK(stage.bench.handler.started == 1);
}

TEST_CASE("A request that the peer reset before advance() never reaches a handler") {
  Stage stage;
  stage.exchange->begin(Stage::get());
  stage.exchange->on_peer_abort(AbortReason::peer_reset);
  stage.exchange->advance();
  CHECK(stage.bench.handler.started == 0);
  stage.exchange->on_closed();
  REQUIRE(stage.bench.observer.entries.size() == 1);
  CHECK(stage.bench.observer.entries[0].aborted == AbortReason::peer_reset);
}

TEST_CASE("An answer has Content-Length, Date, Server and Alt-Svc, and ends with its bytes") {
  Stage stage;
  stage.bench.peer.alt_svc = "h3=\":8443\"; ma=3600";
  stage.run(Stage::get());
  REQUIRE(stage.port.heads.size() == 1);
  const HeaderMap& fields = stage.port.heads[0].headers;
  CHECK(fields.get("content-length") == "5");
  CHECK(fields.get("date") == "Tue, 14 Nov 2023 22:13:20 GMT");
  CHECK(fields.get("server") == "troika");
  CHECK(fields.get("alt-svc") == "h3=\":8443\"; ma=3600");
  CHECK(stage.port.framing.kind == BodyFraming::Kind::length);
  CHECK(stage.port.framing.length == 5);
  auto pulled = stage.exchange->pull(kMaxPull);
  REQUIRE(pulled);
  CHECK(text_of(pulled->bytes.bytes()) == "hello");
  CHECK(stage.exchange->content_pulled());
}

TEST_CASE("HEAD keeps the length and drops the body") {
  Stage stage;
  Request request = Stage::get();
  request.method = Method::head;
  stage.run(std::move(request));
  CHECK(stage.port.heads.at(0).headers.get("content-length") == "5");
  CHECK(stage.port.framing.kind == BodyFraming::Kind::none);
  CHECK(stage.exchange->content_pulled());
}

TEST_CASE("204 and 304 have no body and no invented length") {
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{204, 304}) {
    Stage stage;
    ResponseHead head;
    head.status = status;
    stage.run_with(with_head(head));
    CHECK(stage.port.framing.kind == BodyFraming::Kind::none);
    CHECK(!stage.port.heads.at(0).headers.has("content-length"));
  }
}

TEST_CASE("A body that gives less or more than it declared fails, one that is exact does not") {
  for (const auto& [declared, whole] : {std::pair(4U, false), {5U, true}, {6U, false}}) {
    Stage stage;
    BodyProbe probe;
    stage.run_with(with_steps({BodyStep::data("12345")}, &probe, declared));
    (void)stage.pull_all();
    CHECK(stage.exchange->content_pulled() == whole);
    CHECK(stage.exchange->aborted() == !whole);
    CHECK(probe.alive == 0);
  }
}

TEST_CASE("A blocked body is pulled again after its waker was woken") {
  Stage stage;
  BodyProbe probe;
  stage.run_with(
      with_steps({BodyStep::data("one"), BodyStep::blocked(), BodyStep::data("two")}, &probe));
  CHECK(stage.port.framing.kind == BodyFraming::Kind::until_end);
  CHECK(stage.pull_all() == "one");
  const int before = stage.port.ready;
  probe.release();
  CHECK(stage.port.ready == before + 1);
  CHECK(stage.pull_all() == "two");
  CHECK(stage.exchange->content_pulled());
}

TEST_CASE("Trailers of the body are there when it has ended") {
  Stage stage;
  HeaderMap trailers;
  trailers.add("x-sum", "1");
  stage.run_with(with_steps({BodyStep::data("x")}, nullptr, std::nullopt, trailers));
  (void)stage.pull_all();
  CHECK(stage.exchange->trailers().get("x-sum") == "1");
}

TEST_CASE("A request body flows to the handler and its bytes are credited as they are read") {
  Stage stage(Stage::post(6));
  REQUIRE(stage.receive("abc"));
  REQUIRE(stage.receive("def", true));
  CHECK(stage.port.credited == 0);
  std::string text;
  CHECK(read_body(*stage.request_body, text) == ReadState::end);
  CHECK(text == "abcdef");
  CHECK(stage.port.credited == 6);
  CHECK(!stage.port.stopped);
}

TEST_CASE("A request body longer or shorter than its Content-Length is a protocol error") {
  for (const auto& [length, end] : {std::pair(2U, false), {4U, true}}) {
    Stage stage(Stage::post(length));
    const auto taken = stage.receive("abc", end);
    REQUIRE(!taken);
    CHECK(taken.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("The request window holds n bytes and not n + 1") {
  Stage stage(Stage::post(std::nullopt));
  const std::string window(stage.bench.limits.stream_window, 'x');
  REQUIRE(stage.receive(window));
  const auto over = stage.receive("y");
  REQUIRE(!over);
  CHECK(over.error().code == ErrorCode::limit);
}

TEST_CASE("A handler that answers at once stops the rest of the request body") {
  Stage stage;
  stage.run(Stage::post(100));
  CHECK(stage.port.stopped == AbortReason::body_stopped);
  REQUIRE(stage.receive("dropped"));
  CHECK(stage.port.credited == 7);
}

TEST_CASE("A body that came whole before the answer is not reported as stopped") {
  Stage stage;
  stage.exchange->begin(Stage::post(3));
  REQUIRE(stage.receive("abc", true));
  stage.exchange->advance();
  CHECK(!stage.port.stopped);
  CHECK(stage.port.credited == 3);
}

TEST_CASE("100 Continue is sent once, when a body that is awaited is first pulled") {
  Stage stage(Stage::post(3, true));
  CHECK(stage.port.informational.empty());
  (void)stage.request_body->pull(10);
  (void)stage.request_body->pull(10);
  REQUIRE(stage.port.informational.size() == 1);
  CHECK(stage.port.informational[0].status == 100);
}

TEST_CASE("No 100 Continue for a body that is there already, nor to HTTP/1.0") {
  Stage there(Stage::post(3, true));
  REQUIRE(there.receive("abc", true));
  (void)there.request_body->pull(10);
  CHECK(there.port.informational.empty());

  Request request = Stage::post(3, true);
  request.version = HttpVersion::http10;
  Stage old(std::move(request));
  (void)old.request_body->pull(10);
  CHECK(old.port.informational.empty());
}

TEST_CASE("A handler that fails before its head gives 500, after it a reset") {
  Stage before(Stage::get()), after(Stage::get());
  before.responder->abort(AbortReason::handler_failed);
  CHECK(before.port.heads.at(0).status == 500);
  CHECK(!before.port.aborted);

  BodyProbe probe;
  (void)after.responder->respond({}, scripted(after.bench.pool, {BodyStep::blocked()}, &probe));
  after.responder->abort(AbortReason::handler_failed);
  CHECK(after.port.aborted == AbortReason::handler_failed);
  CHECK(probe.alive == 0);
}

TEST_CASE("A second answer is refused") {
  Stage stage(Stage::get());
  CHECK(stage.responder->respond({}, nullptr));
  CHECK(!stage.responder->respond({}, nullptr));
  CHECK(!stage.responder->inform({}));
  CHECK(stage.port.heads.size() == 1);
}

TEST_CASE("A peer that resets cancels job and body at once, and the summary comes once") {
  Stage stage(Stage::get());
  BodyProbe probe;
  (void)stage.responder->respond(
      {}, scripted(stage.bench.pool, {BodyStep::data("x"), BodyStep::blocked()}, &probe));
  (void)stage.pull_all();
  stage.exchange->on_peer_abort(AbortReason::peer_reset);
  CHECK(stage.jobs == 0);
  CHECK(probe.alive == 0);
  CHECK(probe.stopped == AbortReason::peer_reset);
  stage.exchange->on_closed();
  stage.exchange->on_closed();
  REQUIRE(stage.bench.observer.entries.size() == 1);
  CHECK(stage.bench.observer.entries[0].body_bytes == 1);
  CHECK(stage.bench.observer.entries[0].aborted == AbortReason::peer_reset);
}

TEST_CASE("A rejected request is answered without the handler, and logged") {
  Stage stage;
  stage.exchange->begin_rejected(Stage::post(std::nullopt), 431);
  stage.exchange->advance();
  CHECK(stage.bench.handler.started == 0);
  CHECK(stage.port.heads.at(0).status == 431);
  CHECK(stage.port.stopped == AbortReason::body_stopped);
  (void)stage.pull_all();
  stage.exchange->on_closed();
  CHECK(stage.bench.observer.entries.at(0).status == 431);
}

TEST_CASE(
    "A response that the peer does not take ends at the write deadline, which bytes put off") {
  Stage stage;
  stage.run_with(with_steps({BodyStep::data("x"), BodyStep::data("y")}));
  (void)stage.exchange->pull(1);
  TimePoint due = stage.exchange->deadline();
  CHECK(due == stage.bench.clock.now() + stage.bench.exchange_timeouts.write_progress);
  stage.bench.clock.advance(std::chrono::seconds(1));
  stage.exchange->on_sent(1);
  const Duration each = Duration(std::chrono::seconds(1)) / ExchangeTimeouts{}.least_rate;
  CHECK(stage.exchange->deadline() == due + each);
  due += each;
  stage.exchange->on_deadline(due - Duration(1));
  CHECK(!stage.port.aborted);
  stage.exchange->on_deadline(due);
  CHECK(stage.port.aborted == AbortReason::timeout);
}

TEST_CASE("A response that waits for its own source has no write deadline") {
  Stage stage;
  BodyProbe probe;
  stage.run_with(with_steps({BodyStep::blocked(), BodyStep::data("y")}, &probe));
  (void)stage.pull_all();
  CHECK(stage.exchange->deadline() == kNever);
}

TEST_CASE("A request body that stops coming is answered 408") {
  Stage stage(Stage::post(10));
  const TimePoint due = stage.exchange->deadline();
  CHECK(due == stage.bench.clock.now() + stage.bench.exchange_timeouts.body_progress);
  stage.exchange->on_deadline(due);
  CHECK(stage.port.heads.at(0).status == 408);
  CHECK(stage.jobs == 0);
  CHECK(stage.port.stopped);
}

TEST_CASE("The job is freed once the response was pulled whole") {
  Stage stage(Stage::post(std::nullopt));
  (void)stage.responder->respond({}, body_of(stage.bench.pool, "done"));
  CHECK(stage.jobs == 1);
  (void)stage.pull_all();
  CHECK(stage.jobs == 0);
  CHECK(stage.port.stopped == AbortReason::body_stopped);
}

TEST_CASE("The time that a handler takes to read is not held against the client") {
  Stage stage(Stage::post(6));
  REQUIRE(stage.receive("abc"));
  stage.bench.clock.advance(stage.bench.exchange_timeouts.body_progress * 2);
  std::string text;
  CHECK(read_body(*stage.request_body, text) == ReadState::blocked);
  stage.exchange->on_deadline(stage.bench.clock.now());
  CHECK(stage.port.heads.empty());
  stage.bench.clock.advance(stage.bench.exchange_timeouts.body_progress);
  stage.exchange->on_deadline(stage.bench.clock.now());
  CHECK(stage.port.heads.at(0).status == 408);
}

TEST_CASE("A handler that works too long has its place taken by a 504, and not a moment sooner") {
  Stage stage(Stage::get());
  stage.bench.clock.advance(stage.bench.exchange_timeouts.handler - std::chrono::milliseconds(1));
  stage.exchange->on_deadline(stage.bench.clock.now());
  CHECK(stage.port.heads.empty());
  CHECK(stage.jobs == 1);
  stage.bench.clock.advance(std::chrono::milliseconds(2));
  stage.exchange->on_deadline(stage.bench.clock.now());
  CHECK(stage.port.heads.at(0).status == 504);
  CHECK(stage.jobs == 0);
}

TEST_CASE("R9: a response made elsewhere keeps its Date, Server and the length of HEAD and 304") {
  struct Row {
    Method method;
    std::uint16_t status;
    const char* length;  // as the origin said; null: it did not
    std::optional<std::string_view> sent;
  };
  for (const Row& row : {Row{Method::head, 200, "12", "12"},
                         {Method::head, 200, nullptr, std::nullopt},
                         {Method::get, 304, "12", "12"},
                         {Method::get, 200, nullptr, "0"}}) {
    for (const bool forwarded : {true, false}) {
      ResponseHead head;
      head.status = row.status;
      head.forwarded = forwarded;
      head.headers.add("server", "elsewhere");
      head.headers.add("date", "Sun, 06 Nov 1994 08:49:37 GMT");
      if (row.length != nullptr) head.headers.add("content-length", row.length);
      Stage stage;
      stage.bench.handler.answer = [&](RequestContext, Responder& responder) {
        std::ignore = responder.respond(head, nullptr);
        return nullptr;
      };
      Request request = Stage::get();
      request.method = row.method;
      stage.run(std::move(request));
      const HeaderMap& fields = stage.port.heads.at(0).headers;
      CHECK(fields.get("server") == (forwarded ? "elsewhere" : "troika"));
      CHECK((fields.get("date") == "Sun, 06 Nov 1994 08:49:37 GMT") == forwarded);
      if (forwarded) CHECK(fields.get("content-length") == row.sent);
      CHECK(fields.count("date") == 1);
    }
  }
  ResponseHead undated;
  undated.forwarded = true;
  Stage stage;
  stage.run_with(with_head(undated));
  CHECK(stage.port.heads.at(0).headers.get("date") == "Tue, 14 Nov 2023 22:13:20 GMT");
}

// RFC 9110 §8.6, RFC 9112 §6.2.
TEST_CASE("R15, R18: a length is said only where it is the content's") {
  struct Row {
    Method method;
    std::uint16_t status;
    std::optional<std::uint64_t> length;  // of the body
    bool tunnel;
    std::optional<std::string_view> said, forwarded;  // forwarded: what another has made
  };
  for (const bool forwarded : {true, false}) {
    for (const Row& row : {Row{Method::get, 200, 5, false, "5", "5"},
                           {Method::get, 200, std::nullopt, false, {}, {}},
                           {Method::head, 200, 5, false, "5", "12"},
                           {Method::head, 200, std::nullopt, false, {}, "12"},
                           {Method::get, 204, std::nullopt, false, {}, {}},
                           {Method::get, 304, std::nullopt, false, "12", "12"},
                           {Method::connect, 200, std::nullopt, true, {}, {}}}) {
      CAPTURE(name_of(row.method), row.status, forwarded);
      ResponseHead head, early;
      head.status = row.status;
      head.forwarded = forwarded;
      head.tunnel = row.tunnel;
      head.headers.add("content-length", "12");
      early.status = 103;
      early.headers.add("content-length", "12");
      Stage stage;
      stage.bench.handler.tunnels = true;
      stage.bench.handler.answer = [&](RequestContext context, Responder& responder) {
        std::ignore = responder.inform(early);
        std::ignore = responder.respond(
            head, scripted(context.services.pool, {BodyStep::data("hello")}, nullptr, row.length));
        return nullptr;
      };
      Request request = Stage::get();
      request.method = row.method;
      if (row.tunnel) request.protocol = "websocket";
      stage.run(std::move(request));
      CHECK(stage.port.heads.at(0).headers.get("content-length") ==
            (forwarded ? row.forwarded : row.said));
      CHECK(stage.port.informational.at(0).headers.empty());
    }
  }
}
