// The client session against a server that the test plays.
#include "raw_client.h"

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
  Ask& ask = raw.ask(make_request("GET", "/"));
  raw.exchange(0, response("103", {{"link", "x"}}) + response("200", {{"content-length", "5"}}));
  CHECK(ask.receiver.informational.size() == 1);
  CHECK(ask.receiver.status() == 200);
  CHECK(ask.stream->body().remaining() == 5U);
  raw.exchange(0, data_frame("he"));
  CHECK(ask.body == "he");
  raw.exchange(0, data_frame("llo"), true);
  CHECK(ask.state == ReadState::end);
  CHECK(ask.stream->finished());
  CHECK(raw.app->idle());
}

TEST_CASE("h3 client: a Content-Length in the response to HEAD announces no body") {
  OpenClient raw;
  Ask& ask = raw.ask(make_request("HEAD", "/"));
  raw.exchange(0, response("200", {{"content-length", "5"}}), true);
  CHECK(ask.state == ReadState::end);
  CHECK_FALSE(ask.stream->body().remaining().has_value());
}

TEST_CASE("h3 client: a request that is rejected may be sent again, one that is reset not") {
  for (const quic::AppError code : {kRequestRejected, kInternalError}) {
    OpenClient raw;
    const Ask& ask = raw.ask(make_request("GET", "/"));
    raw.quic.receive_reset(0, code);
    raw.run();
    CHECK(ask.receiver.failed ==
          (code == kRequestRejected ? AbortReason::refused : AbortReason::peer_reset));
    CHECK(ask.receiver.wire_code == code);
    CHECK(ask.receiver.calls == 1);
    CHECK(ask.stream->finished());
  }
}

TEST_CASE("h3 client: a response that is cut short fails its body, after what came") {
  OpenClient raw;
  Ask& ask = raw.ask(make_request("GET", "/"));
  ask.reads = false;
  raw.send(0, response("200") + data_frame("hel"));
  raw.quic.receive_reset(0, kInternalError);
  raw.run();
  CHECK(ask.receiver.status() == 200);
  CHECK(ask.receiver.failed == AbortReason::peer_reset);
  CHECK(read_body(ask.stream->body(), ask.body) == ReadState::error);
  CHECK(ask.body == "hel");
}

TEST_CASE("h3 client: STOP_SENDING with NO_ERROR ends the upload and nothing else") {
  for (const bool told : {true, false}) {
    OpenClient raw;
    raw.quic.tells_stop_sending = told;
    BodyProbe upload;
    const Ask& ask =
        raw.ask(make_request("POST", "/"),
                scripted(raw.pool, {BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b")},
                         &upload));
    raw.quic.receive_stop_sending(0, kNoErrorCode);
    upload.release();
    raw.run();
    CHECK(upload.alive == 0);
    CHECK_FALSE(ask.receiver.failed.has_value());
    raw.exchange(0, response("413") + data_frame("no"), true);
    CHECK(ask.receiver.status() == 413);
    CHECK(ask.body == "no");
    CHECK(ask.state == ReadState::end);
    CHECK_FALSE(ask.receiver.failed.has_value());
    CHECK(ask.stream->finished());
  }
}

TEST_CASE("h3 client: letting go of an unfinished request cancels both directions") {
  OpenClient raw;
  BodyProbe upload;
  Ask& ask = raw.ask(make_request("POST", "/"),
                     scripted(raw.pool, {BodyStep::data("a"), BodyStep::blocked()}, &upload));
  ask.reads = false;
  raw.exchange(0, response("200") + data_frame("unread"));
  ask.stream.reset();
  CHECK(upload.alive == 0);
  raw.run();
  CHECK(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
  CHECK(raw.quic.streams.at(0).reset_sent == kRequestCancelled);
  raw.send(0, data_frame("late"));
  CHECK(raw.quic.connection_window_left() == (4U << 20U));
  CHECK(ask.receiver.calls == 1);  // nothing more is said after that
}

TEST_CASE("h3 client: a user that stops the response has STOP_SENDING sent") {
  OpenClient raw;
  Ask& ask = raw.ask(make_request("GET", "/"));
  raw.send(0, response("200") + data_frame("a"));
  ask.stream->body().stop(AbortReason::body_stopped);
  raw.run();
  CHECK(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
  CHECK_FALSE(ask.receiver.failed.has_value());
}

TEST_CASE("h3 client: unread bytes hold the window, also of a response that is whole") {
  OpenClient raw;
  Ask& ask = raw.ask(make_request("GET", "/"));
  ask.reads = false;
  raw.exchange(0, response("200") + data_frame(pattern(100'000)), true);
  raw.run();
  CHECK(raw.quic.streams.at(0).closed);
  CHECK(raw.quic.connection_window_left() == (4U << 20U) - 100'000);
  (void)ask.stream->body().pull(50'000);
  raw.run();
  CHECK(raw.quic.connection_window_left() > (4U << 20U) - 100'000);
  ask.stream.reset();
  raw.run();
  CHECK(raw.quic.connection_window_left() == (4U << 20U));
}

TEST_CASE("h3 client: a request body that fails or lies about its length is reset, never padded") {
  struct Lie {
    std::vector<BodyStep> steps;
    std::optional<std::uint64_t> length;
  };
  for (auto& [steps, length] :
       std::vector<Lie>{{{BodyStep::data("ab"), BodyStep::error()}, std::nullopt},
                        {{BodyStep::data("ab")}, 3},
                        {{BodyStep::data("abcd")}, 3}}) {
    OpenClient raw;
    const Ask& ask = raw.ask(make_request("POST", "/"), scripted(raw.pool, steps, nullptr, length));
    CHECK(ask.receiver.failed == AbortReason::handler_failed);
    CHECK_FALSE(raw.quic.streams.at(0).fin_sent);
    CHECK(raw.quic.streams.at(0).reset_sent == kRequestCancelled);
  }
}

TEST_CASE("h3 client: GOAWAY fails what the server will not process, and only that") {
  OpenClient raw;
  const Ask& first = raw.ask(make_request("GET", "/1"));
  const Ask& second = raw.ask(make_request("GET", "/2"));
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
  for (const std::string& bytes :
       {response("99"), response("101"), response("2x0"), headers_frame({{"x", "1"}}),
        response("200", {{"content-length", "2"}}) + data_frame("abc"), data_frame("x"),
        response("103")}) {
    OpenClient raw;
    const Ask& ask = raw.ask(make_request("GET", "/"));
    raw.send(0, bytes, true);
    CHECK(raw.quic.closed.has_value());
    CHECK(ask.receiver.failed == AbortReason::peer_gone);
    RecordingReceiver next;
    const auto refused = raw.app->start(make_request("GET", "/"), nullptr, next);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::closed);
  }
}

TEST_CASE("h3 client: trailers of more than the limit fail the response") {
  RawClient raw;
  raw.limits.trailer_count = 2;
  raw.start();
  const Ask& ask = raw.ask(make_request("GET", "/"));
  raw.exchange(
      0,
      response("200") + data_frame("a") + headers_frame({{"x-a", "1"}, {"x-b", "2"}, {"x-c", "3"}}),
      true);
  CHECK(ask.state == ReadState::error);
  CHECK(ask.receiver.failed == AbortReason::protocol_error);
}

TEST_CASE("h3 client: a lost connection fails every request once") {
  OpenClient raw;
  const Ask& waiting = raw.ask(make_request("GET", "/1"));
  Ask& half = raw.ask(make_request("GET", "/2"));
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
