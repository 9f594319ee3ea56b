// A request of ours and its response, without a protocol: what its user hears, what the stream is
// asked for, and how long it waits.
#include "http/exchange/call.h"

#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "support/session_harness.h"
#include "unit/core/http/exchange_stage.h"

using namespace troika;
using namespace troika::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A call between a port that records and a user that records.
struct CallStage {
  BufferPool pool;
  SimClock clock;
  Limits limits;
  SeededRandom random{1};
  CallServices services{pool, clock, limits, random};
  CallTimeouts timeouts{.first_byte = seconds(50), .between_bytes = seconds(20)};
  RecordingPort port;
  RecordingReceiver receiver;
  BodyProbe probe;
  std::optional<Call> call;

  explicit CallStage(Request request = get(), std::unique_ptr<BodySource> body = nullptr) {
    start(std::move(request), std::move(body));
  }
  ~CallStage() {
    call.reset();
    CHECK(pool.outstanding() == 0);
    CHECK(probe.alive == 0);
  }
  void start(Request request, std::unique_ptr<BodySource> body) {
    call.reset();
    receiver = {};
    call.emplace(port, services, HttpVersion::http2, limits.call_window, std::move(request),
                 std::move(body), receiver, timeouts);
  }
  static Request get() { return make_request("/"); }
  static Request post(bool expects_continue = false) {
    Request request = make_request("/", Method::post);
    request.expects_continue = expects_continue;
    return request;
  }
  // The request and all that is to be sent of it has left.
  void send_all() {
    call->on_head_written();
    while (!call->content_pulled()) {
      const auto pulled = call->pull(kMaxPull);
      if (!pulled || pulled->state == PullState::blocked) return;
      call->on_sent(pulled->bytes.size());
    }
    call->on_end_framed();
  }
  void head(std::string_view status, bool end = false,
            std::initializer_list<HeaderMap::Field> fields = {}) {
    call->on_field(":status", status);
    for (const auto& [name, value] : fields) call->on_field(name, value);
    CHECK(call->on_head_end(end));
  }
  std::string read() {
    std::string text;
    last = read_body(call->body(), text);
    return text;
  }
  // Whether the call's deadline is after that time, and not before.
  void check_deadline_after(Duration time) {
    const TimePoint due = clock.now() + time;
    CHECK(call->deadline() == due);
    clock.advance(time - milliseconds(1));
    call->on_deadline(clock.now());
    CHECK_FALSE(receiver.failure);
    clock.advance(milliseconds(2));
    call->on_deadline(clock.now());
  }
  ReadState last = ReadState::blocked;
};

}  // namespace

TEST_CASE("Call: the response comes to its user, with 1xx before and trailers after") {
  CallStage stage;
  stage.send_all();
  stage.head("103", false, {{"link", "</a.css>"}});
  REQUIRE(stage.receiver.informational.size() == 1);
  CHECK(stage.receiver.informational[0].headers.get("link") == "</a.css>");
  CHECK_FALSE(stage.receiver.head);
  stage.head("200", false, {{"content-length", "5"}, {"x-a", "1"}});
  REQUIRE(stage.receiver.head);
  CHECK(stage.receiver.head->status == 200);
  CHECK(stage.receiver.head->headers.get("x-a") == "1");
  // R34: fields of 103 are not those of the final response (RFC 8297 §2).
  CHECK_FALSE(stage.receiver.head->headers.has("link"));
  CHECK(stage.call->on_body(bytes_of("hello")));
  stage.call->on_field("x-sum", "42");
  stage.call->on_field("content-length", "9");
  CHECK(stage.call->on_end());
  CHECK(stage.read() == "hello");
  CHECK(stage.last == ReadState::end);
  CHECK(stage.port.credited == 5);
  CHECK(stage.call->body().trailers()->get("x-sum") == "42");
  CHECK_FALSE(stage.call->body().trailers()->has("content-length"));
  CHECK(stage.call->finished());
  CHECK_FALSE(stage.receiver.failure);
  CHECK_FALSE(stage.port.aborted);
}

TEST_CASE("R17: content that is shorter or longer than Content-Length never ends cleanly") {
  for (const auto& [sent, whole] : {std::pair(4U, false), {5U, true}, {6U, false}}) {
    CAPTURE(sent);
    CallStage stage;
    stage.send_all();
    stage.head("200", false, {{"content-length", "5"}});
    auto taken = stage.call->on_body(bytes_of(std::string(sent, 'x')));
    if (taken) taken = stage.call->on_end();
    CHECK(taken.has_value() == whole);
    if (!taken) stage.call->on_peer_abort(AbortReason::protocol_error);
    std::ignore = stage.read();
    CHECK((stage.last == ReadState::end) == whole);
    CHECK(stage.receiver.failure.has_value() != whole);
  }
}

TEST_CASE("Call: a head that is not valid, or too large, fails with a reason of its own") {
  struct Row {
    const char* status;
    std::size_t fields;
    AbortReason reason;
  };
  for (const Row& row : {Row{"99", 0, AbortReason::protocol_error},
                         {"200", 255, AbortReason::none},
                         {"200", 257, AbortReason::over_limit}}) {
    CallStage stage;
    stage.send_all();
    stage.call->on_field(":status", row.status);
    for (std::size_t i = 0; i < row.fields; ++i) stage.call->on_field("x", "y");
    CHECK(stage.call->on_head_end(true));
    CHECK(stage.receiver.failed.value_or(AbortReason::none) == row.reason);
    CHECK(stage.port.aborted.value_or(AbortReason::none) == row.reason);
  }
}

TEST_CASE("Call: 32 informational responses pass, the next one fails") {
  CallStage stage;
  stage.send_all();
  for (std::size_t i = 0; i < stage.limits.informational; ++i) stage.head("103");
  CHECK(stage.receiver.informational.size() == stage.limits.informational);
  CHECK_FALSE(stage.receiver.failure);
  stage.head("103");
  CHECK(stage.receiver.failed == AbortReason::over_limit);
}

TEST_CASE("Call: what failed is known: its step, and whether it may be sent again") {
  struct Row {
    const char* what;
    bool head_written, sent, head_seen;
    AbortReason reason;
    CallStep step;
    bool replayable;
  };
  using enum CallStep;
  for (const Row& row :
       {Row{"nothing written", false, false, false, AbortReason::peer_gone, send, true},
        {"written in part", true, false, false, AbortReason::peer_gone, send, false},
        {"no response", true, true, false, AbortReason::peer_gone, wait, false},
        {"a part of one", true, true, true, AbortReason::peer_reset, receive, false},
        {"refused", true, true, false, AbortReason::refused, wait, true}}) {
    CAPTURE(row.what);
    CallStage stage(CallStage::post(), nullptr);
    if (row.head_written) stage.call->on_head_written();
    if (row.sent) stage.call->on_end_framed();
    if (row.head_seen) stage.head("200");
    stage.call->on_peer_reset(row.reason, 7);
    REQUIRE(stage.receiver.failure);
    CHECK(stage.receiver.failure->step == row.step);
    CHECK(stage.receiver.failure->reason == row.reason);
    CHECK(stage.receiver.failure->wire_code == 7);
    CHECK(stage.receiver.failure->replayable == row.replayable);
    std::ignore = stage.read();
    CHECK(stage.last == ReadState::error);
  }
}

TEST_CASE("Call: it fails once, and nothing is heard after it") {
  CallStage stage;
  stage.call->on_peer_reset(AbortReason::peer_reset, 0);
  stage.call->on_peer_abort(AbortReason::peer_gone);
  stage.head("200", true);
  stage.call->on_closed();
  CHECK(stage.receiver.calls == 1);
  CHECK(stage.receiver.failed == AbortReason::peer_reset);
}

TEST_CASE("Call: the first byte of the response is waited for so long, and no longer") {
  CallStage stage;
  stage.send_all();
  stage.check_deadline_after(stage.timeouts.first_byte);
  REQUIRE(stage.receiver.failure);
  CHECK(stage.receiver.failed == AbortReason::timeout);
  CHECK(stage.receiver.failure->step == CallStep::wait);
  CHECK_FALSE(stage.receiver.failure->replayable);
  CHECK(stage.port.aborted == AbortReason::timeout);
}

TEST_CASE("Call: an origin that says one thing after the other has no more time for its head") {
  CallStage stage;
  stage.send_all();
  for (int i = 0; i < 5; ++i) {
    stage.clock.advance(seconds(10));
    stage.call->on_field(i == 0 ? ":status" : "x-a", i == 0 ? "200" : "1");
  }
  stage.call->on_deadline(stage.clock.now());
  CHECK(stage.receiver.failed == AbortReason::timeout);
}

TEST_CASE("Call: between two bytes of the response, and only while its user waits for them") {
  CallStage stage;
  stage.send_all();
  stage.head("200");
  stage.clock.advance(seconds(15));
  CHECK(stage.call->on_body(bytes_of("a")));
  CHECK(stage.call->deadline() == kNever);  // the user has not read it
  stage.clock.advance(seconds(1000));
  CHECK(stage.read() == "a");
  stage.call->on_deadline(stage.clock.now());
  // The time that the user took does not count.
  CHECK(stage.receiver.failed.value_or(AbortReason::none) == AbortReason::none);
  stage.check_deadline_after(stage.timeouts.between_bytes);
  CHECK(stage.receiver.failed == AbortReason::timeout);
  CHECK(stage.receiver.failure->step == CallStep::receive);
}

TEST_CASE(
    "Call: room for the request is waited for so long, and its own source as long as need be") {
  CallStage stage;
  stage.start(
      CallStage::post(),
      std::make_unique<ScriptedBody>(
          stage.pool, std::vector{BodyStep::blocked(), BodyStep::data("abc")}, &stage.probe));
  stage.call->on_head_written();
  CHECK(stage.call->pull(10)->state == PullState::blocked);
  CHECK(stage.call->deadline() == kNever);
  stage.clock.advance(seconds(1000));
  stage.probe.release();
  CHECK(stage.call->pull(10)->bytes.size() == 3);
  stage.check_deadline_after(stage.timeouts.between_bytes);
  CHECK(stage.receiver.failed == AbortReason::timeout);
  CHECK(stage.receiver.failure->step == CallStep::send);
}

TEST_CASE("R33: content waits for 100, or a second, or a final response that wants it") {
  enum class Then { informational, time, success, refusal };
  for (const Then then : {Then::informational, Then::time, Then::success, Then::refusal}) {
    CAPTURE(static_cast<int>(then));
    CallStage stage;
    stage.start(CallStage::post(true), body_of(stage.pool, "abc", &stage.probe));
    stage.call->on_head_written();
    CHECK(stage.call->pull(10)->state == PullState::blocked);
    CHECK(stage.probe.pulls == 0);
    const int ready = stage.port.ready;
    if (then == Then::time) stage.check_deadline_after(seconds(1));
    if (then == Then::informational) stage.head("100");
    if (then == Then::success) stage.head("200");
    if (then == Then::refusal) stage.head("401", true);
    CHECK_FALSE(stage.receiver.failure);
    CHECK(stage.port.ready == ready + 1);
    const auto pulled = stage.call->pull(10);
    CHECK((pulled->state == PullState::data) == (then != Then::refusal));
    stage.call->advance();
    // The rest of the stream would bring nothing.
    CHECK(stage.port.aborted.has_value() == (then == Then::refusal));
    CHECK((stage.receiver.informational.size() == 1) == (then == Then::informational));
  }
}

TEST_CASE("Call: an early response stops the request once it is whole") {
  CallStage stage;
  stage.start(CallStage::post(), std::make_unique<PatternBody>(stage.pool, 1U << 20U));
  stage.call->on_head_written();
  CHECK(stage.call->pull(10)->bytes.size() == 10);
  stage.head("413");
  CHECK(stage.call->on_body(bytes_of("too much")));
  CHECK(stage.call->pull(10)->bytes.size() == 10);  // both directions go on
  CHECK(stage.call->on_end());
  stage.call->on_peer_reset(AbortReason::peer_reset, 0);
  CHECK(stage.call->sending() == Sending::reset);
  CHECK(stage.read() == "too much");
  CHECK(stage.last == ReadState::end);
  CHECK_FALSE(stage.receiver.failure);
}

TEST_CASE("Call: a peer that wants no more of the request may still respond") {
  for (const AbortReason reason : {AbortReason::none, AbortReason::peer_reset}) {
    CallStage stage;
    stage.start(CallStage::post(), std::make_unique<PatternBody>(stage.pool, 1U << 20U));
    stage.call->on_peer_stop(reason, 0);
    CHECK(stage.call->sending() == Sending::reset);
    CHECK(stage.receiver.failure.has_value() == (reason != AbortReason::none));
  }
}

TEST_CASE("Call: a source that fails, fails the call") {
  CallStage stage;
  stage.start(CallStage::post(),
              std::make_unique<ScriptedBody>(stage.pool, std::vector{BodyStep::error()}));
  CHECK_FALSE(stage.call->pull(10));
  CHECK(stage.receiver.failed == AbortReason::handler_failed);
}

TEST_CASE("Call: its framing is that of its content, or of its method") {
  using enum BodyFraming::Kind;
  BufferPool pool;
  struct Row {
    Method method;
    std::unique_ptr<BodySource> body;
    BodyFraming::Kind kind;
    std::uint64_t length;
  };
  std::vector<Row> rows;
  rows.push_back({Method::get, nullptr, none, 0});
  rows.push_back({Method::post, nullptr, length, 0});
  rows.push_back({Method::get, body_of(pool, "abc"), length, 3});
  rows.push_back({Method::put, std::make_unique<PatternBody>(pool, 5, false), until_end, 0});
  for (Row& row : rows) {
    CallStage stage;
    stage.start(make_request("/", row.method), std::move(row.body));
    CHECK(stage.call->framing().kind == row.kind);
    CHECK(stage.call->framing().length == row.length);
  }
}

TEST_CASE("Knowing: the user and the stream go in any order, and who is left is told") {
  struct Row {
    const char* order;
    Knowing first, second;
  };
  for (const Row& row :
       {Row{"uc", Knowing::let_go, Knowing::over}, {"cu", Knowing::closed, Knowing::over}}) {
    CallStage stage;
    CallHandle handle(&*stage.call);
    CHECK(stage.call->knowing() == Knowing::open);
    for (std::size_t i = 0; i < 2; ++i) {
      if (row.order[i] == 'u') handle.reset();
      if (row.order[i] == 'c') stage.call->on_closed();
      CHECK(stage.call->knowing() == (i == 0 ? row.first : row.second));
      CHECK(stage.call->over() == (i == 1));
    }
    // A user that has gone hears nothing; a stream that is closed is asked for nothing.
    CHECK(stage.receiver.calls == (row.order[0] == 'u' ? 0 : 1));
    CHECK(stage.port.aborted.has_value() == (row.order[0] == 'u'));
  }
}

TEST_CASE("Call: letting go at each step frees all that it holds at once") {
  for (int step = 0; step < 5; ++step) {
    CAPTURE(step);
    CallStage stage;
    stage.start(CallStage::post(), body_of(stage.pool, std::string(100, 'x'), &stage.probe));
    CallHandle handle(&*stage.call);
    if (step > 0) std::ignore = stage.call->pull(10);
    if (step > 1) stage.send_all();
    if (step > 2) stage.head("200");
    if (step > 3) CHECK(stage.call->on_body(bytes_of("abc")));
    handle.reset();
    CHECK(stage.probe.alive == 0);
    CHECK(stage.pool.outstanding() == 0);
    CHECK(stage.port.aborted == AbortReason::cancelled);
    CHECK(stage.call->deadline() == kNever);
    CHECK(stage.receiver.calls == (step > 2 ? 1 : 0));
    if (step > 3) CHECK(stage.port.credited == 3);
  }
}

TEST_CASE("Call: letting go of a finished one asks the stream for nothing") {
  CallStage stage;
  CallHandle handle(&*stage.call);
  stage.send_all();
  stage.head("200", true);
  CHECK(stage.call->finished());
  handle.reset();
  CHECK_FALSE(stage.port.aborted);
}

TEST_CASE(
    "Call: what went in rejected early data is sent once more, unless its content has begun") {
  SECTION("a request without content, though all of it had left") {
    CallStage stage;
    stage.send_all();
    CHECK(stage.call->sending() == Sending::done);
    CHECK(stage.call->begin_again());
    CHECK(stage.call->sending() == Sending::head);
    stage.call->on_peer_abort(AbortReason::peer_gone);
    REQUIRE(stage.receiver.failure);
    CHECK(stage.receiver.failure->replayable);
  }
  SECTION("content of which nothing was there yet") {
    CallStage stage;
    BodyProbe probe;
    stage.start(CallStage::post(),
                scripted(stage.pool, {BodyStep::blocked(), BodyStep::data("a")}, &probe));
    stage.send_all();
    CHECK(stage.call->begin_again());
    probe.release();
    stage.send_all();
    CHECK(stage.call->sending() == Sending::done);
  }
  SECTION("content that has begun") {
    CallStage stage;
    stage.start(CallStage::post(), scripted(stage.pool, {BodyStep::data("a")}));
    stage.send_all();
    CHECK_FALSE(stage.call->begin_again());
  }
  SECTION("one that nobody wants any more") {
    CallStage stage;
    stage.call->body().stop(AbortReason::cancelled);
    CHECK_FALSE(stage.call->begin_again());
  }
}

TEST_CASE("Call: what other streams send gives its response no more time") {
  CallStage stage;
  stage.send_all();
  stage.clock.advance(seconds(49));
  stage.call->on_progress(stage.clock.now());
  CHECK(stage.call->deadline() == stage.clock.now() + seconds(1));
}
