// The client session against a server that the test plays.
#include "wire.h"

using namespace troika;
using namespace troika::test;

namespace {

std::string response(std::string_view status, Fields more = {}) {
  more.insert(more.begin(), {":status", std::string(status)});
  return headers_frame(more);
}

}  // namespace

TEST_CASE("h3 client: a response is passed on as it comes, 1xx first") {
  OpenClient raw;
  PairCall& call = raw.ask("/");
  raw.exchange(0, response("103", {{"link", "x"}}) + response("200", {{"content-length", "5"}}));
  CHECK(call.receiver.informational.size() == 1);
  CHECK(call.receiver.status() == 200);
  CHECK(call.stream->body().remaining() == 5U);
  raw.exchange(0, data_frame("he"));
  CHECK(call.body == "he");
  raw.exchange(0, data_frame("llo"), true);
  CHECK(call.state == ReadState::end);
  CHECK(call.stream->finished());
  CHECK(raw.app->idle());
}

TEST_CASE("h3 client: a Content-Length in the response to HEAD announces no body") {
  OpenClient raw;
  PairCall& call = raw.ask(make_request("/", Method::head));
  raw.exchange(0, response("200", {{"content-length", "5"}}), true);
  CHECK(call.state == ReadState::end);
  CHECK(call.stream->body().remaining() == 0U);
}

TEST_CASE("h3 client: a request that is rejected may be sent again, one that is reset not") {
  for (const quic::AppError code : {kRequestRejected, kInternalError}) {
    OpenClient raw;
    const PairCall& call = raw.ask("/");
    raw.quic.receive_reset(0, code);
    raw.run();
    CHECK(call.receiver.failed ==
          (code == kRequestRejected ? AbortReason::refused : AbortReason::peer_reset));
    CHECK(call.receiver.wire_code == code);
    CHECK(call.receiver.calls == 1);
    CHECK(call.stream->finished());
  }
}

TEST_CASE("h3 client: a response that is cut short fails its body, after what came") {
  OpenClient raw;
  PairCall& call = raw.ask("/");
  call.reads = false;
  raw.send(0, response("200") + data_frame("hel"));
  raw.quic.receive_reset(0, kInternalError);
  raw.run();
  CHECK(call.receiver.status() == 200);
  CHECK(call.receiver.failed == AbortReason::peer_reset);
  CHECK(read_body(call.stream->body(), call.body) == ReadState::error);
  CHECK(call.body == "hel");
}

TEST_CASE("h3 client: STOP_SENDING with NO_ERROR ends the upload and nothing else") {
  for (const bool told : {true, false}) {
    OpenClient raw;
    raw.quic.tells_stop_sending = told;
    BodyProbe upload;
    const PairCall& call =
        raw.ask(make_request("/", Method::post),
                scripted(raw.pool, {BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b")},
                         &upload));
    raw.quic.receive_stop_sending(0, kNoErrorCode);
    upload.release();
    raw.run();
    CHECK(upload.alive == 0);
    CHECK_FALSE(call.receiver.failed.has_value());
    raw.exchange(0, response("413") + data_frame("no"), true);
    CHECK(call.receiver.status() == 413);
    CHECK(call.body == "no");
    CHECK(call.state == ReadState::end);
    CHECK_FALSE(call.receiver.failed.has_value());
    CHECK(call.stream->finished());
  }
}

TEST_CASE("h3 client: letting go of an unfinished request cancels both directions") {
  OpenClient raw;
  BodyProbe upload;
  PairCall& call = raw.ask(make_request("/", Method::post),
                           scripted(raw.pool, {BodyStep::data("a"), BodyStep::blocked()}, &upload));
  call.reads = false;
  raw.exchange(0, response("200") + data_frame("unread"));
  call.stream.reset();
  CHECK(upload.alive == 0);
  raw.run();
  CHECK(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
  CHECK(raw.quic.streams.at(0).reset_sent == kRequestCancelled);
  raw.send(0, data_frame("late"));
  CHECK(raw.quic.connection_window_left() == (4U << 20U));
  CHECK(call.receiver.calls == 1);  // nothing more is said after that
}

TEST_CASE("h3 client: a user that stops the response has STOP_SENDING sent") {
  OpenClient raw;
  PairCall& call = raw.ask("/");
  raw.send(0, response("200") + data_frame("a"));
  call.stream->body().stop(AbortReason::body_stopped);
  raw.run();
  CHECK(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
  CHECK_FALSE(call.receiver.failed.has_value());
}

TEST_CASE("h3 client: unread bytes hold the window, also of a response that is whole") {
  OpenClient raw;
  PairCall& call = raw.ask("/");
  call.reads = false;
  raw.exchange(0, response("200") + data_frame(pattern(100'000)), true);
  raw.run();
  CHECK(raw.quic.streams.at(0).closed);
  CHECK(raw.quic.connection_window_left() == (4U << 20U) - 100'000);
  (void)call.stream->body().pull(50'000);
  raw.run();
  CHECK(raw.quic.connection_window_left() > (4U << 20U) - 100'000);
  call.stream.reset();
  raw.run();
  CHECK(raw.quic.connection_window_left() == (4U << 20U));
}

TEST_CASE("h3 client: GOAWAY fails what the server will not process, and only that") {
  OpenClient raw;
  const PairCall& first = raw.ask("/1");
  const PairCall& second = raw.ask("/2");
  raw.exchange(kServerControl, frame(7, varint(4)));
  CHECK(raw.app->draining());
  CHECK_FALSE(first.receiver.failed.has_value());
  CHECK(second.receiver.failed == AbortReason::refused);
  CHECK(raw.quic.streams.at(4).stop_sent == kRequestCancelled);
  raw.exchange(0, response("200"), true);
  CHECK(first.state == ReadState::end);
  // RFC 9114 §5.2: the id may not grow.
  raw.send(kServerControl, frame(7, varint(8)));
  CHECK(raw.quic.closed == kIdError);
}

TEST_CASE("h3 client: responses that are malformed end the connection") {
  struct Row {
    std::string bytes;
    AbortReason reason = AbortReason::protocol_error;
  };
  for (const auto& [bytes, reason] :
       {Row{response("99")}, Row{response("101")}, Row{response("2x0")},
        Row{headers_frame({{"x", "1"}})},
        Row{response("200", {{"content-length", "2"}}) + data_frame("abc")}, Row{data_frame("x")},
        Row{response("103"), AbortReason::protocol_error}}) {
    OpenClient raw;
    const PairCall& call = raw.ask("/");
    raw.send(0, bytes, true);
    CHECK(raw.quic.closed.has_value());
    CHECK(call.receiver.failed == reason);
    CHECK(refusal(*raw.app) == ErrorCode::closed);
  }
}

TEST_CASE("h3 client: a lost connection fails every request once") {
  OpenClient raw;
  const PairCall& waiting = raw.ask("/1");
  PairCall& half = raw.ask("/2");
  half.reads = false;
  raw.send(4, response("200") + data_frame("a"));
  raw.quic.lose();
  CHECK(waiting.receiver.failed == AbortReason::peer_gone);
  CHECK(half.receiver.failed == AbortReason::peer_gone);
  CHECK(half.receiver.calls == 2);
  CHECK(read_body(half.stream->body(), half.body) == ReadState::error);
  CHECK(half.body == "a");
  CHECK(raw.app->idle());
}

TEST_CASE("h3 client: a server that ignores STOP_SENDING does not keep the connection open") {
  OpenClient raw;
  raw.ask("/").stream.reset();
  raw.run();
  REQUIRE(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
  CHECK(raw.quic.kept_alive == Duration::zero());
  const TimePoint end = raw.clock.now() + raw.call_services.times.idle;
  for (const Duration after : {Duration(-1), Duration(0)}) {
    raw.clock.set(end + after);
    if (raw.app->deadline() <= raw.clock.now()) raw.app->on_deadline(raw.clock.now());
    raw.run();
    CHECK(raw.quic.closed.has_value() == (after == Duration(0)));
  }
  CHECK(raw.quic.closed == kNoErrorCode);
}

TEST_CASE("h3 client: a session that is not ready takes no requests") {
  RawClient raw;
  CHECK(refusal(*raw.app) == ErrorCode::unavailable);
  FakeQuic narrow(false, {.uni_streams = 2});
  const auto client = h3::make_client_session(raw.call_services, narrow);
  CHECK_FALSE(client->on_ready().has_value());
  CHECK(client->close_code() == kGeneralProtocolError);
}

TEST_CASE("h3 client: a request is replayable until QUIC has taken its first bytes") {
  for (const bool written : {false, true}) {
    RawClient raw;
    raw.quic.start(*raw.app, raw.clock.now());
    PairCall& call = raw.calls.emplace_back();
    auto stream = raw.app->start(make_request("/"), nullptr, call.receiver, {});
    REQUIRE(stream);
    call.stream = std::move(*stream);
    if (written) raw.run();
    raw.quic.lose();
    REQUIRE(call.receiver.failure);
    CHECK(call.receiver.failure->replayable == !written);
  }
}

TEST_CASE("h3 client: a response that does not come is given up after its time") {
  OpenClient raw;
  const PairCall& call = raw.ask("/");
  const CallTimeouts times;
  CHECK(raw.app->deadline() == raw.clock.now() + times.first_byte);
  raw.clock.advance(times.first_byte);
  raw.app->on_deadline(raw.clock.now());
  raw.run();
  CHECK(call.receiver.failed == AbortReason::timeout);
  CHECK(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
  CHECK_FALSE(raw.quic.streams.at(0).reset_sent);  // all of the request had left
}
