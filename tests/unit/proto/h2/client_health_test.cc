// What an HTTP/2 client does when its server is silent.
#include "raw_peer.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/h2/client_session.h"
#include "support/session_pair.h"

using namespace std::chrono_literals;

namespace troika::h2 {
namespace {

// A client whose server says only what the test lets it say.
struct Client : test::Bench {
  Client() : out(pool) {
    hear(frame(kSettings, 0, 0));
    flush();
  }
  ~Client() {
    calls.clear();
    session->abort(AbortReason::peer_gone);
    out.clear();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::unique_ptr<ClientByteSession> session = make_client_session(call_services, host);
  std::list<test::PairCall> calls;
  OutputQueue out;
  std::string sent;

  test::PairCall& ask(std::unique_ptr<BodySource> body = nullptr) {
    test::PairCall& call = calls.emplace_back();
    auto started =
        session->start(test::make_request("/", body == nullptr ? Method::get : Method::post),
                       std::move(body), call.receiver, {.first_byte = 1h, .between_bytes = 1h});
    REQUIRE(started);
    call.stream = std::move(*started);
    flush();
    return call;
  }
  void hear(std::string_view bytes) {
    REQUIRE(session->receive(test::bytes_of(bytes), clock.now()));
  }
  void flush() {
    REQUIRE(session->produce(out, 256U << 10U, clock.now()));
    while (!out.empty()) {
      const Slice slice = out.take(65536);
      sent += test::text_of(slice.bytes());
      session->on_written(slice.size(), clock.now());
    }
  }
  void pass(Duration by) {
    clock.advance(by);
    if (session->deadline() <= clock.now()) session->on_deadline(clock.now());
    flush();
  }
  std::size_t count(std::uint8_t type) const {
    std::size_t found = 0;
    for (std::size_t at = 24; at < sent.size();) {  // behind the preface
      const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(sent[at + i]); };
      if (byte(3) == type && (byte(4) & kAck) == 0) ++found;
      at += 9U + (std::size_t{byte(0)} << 16U | std::size_t{byte(1)} << 8U | byte(2));
    }
    return found;
  }
};

const ClientTimes kTimes;
const std::string kPong = frame(kPing, kAck, 0, std::string(8, '\0'));

TEST_CASE(
    "a server that is silent while a request waits gets a PING, and another after each word") {
  Client client;
  client.pass(50s);  // idle: nothing is asked
  CHECK(client.count(kPing) == 0);
  const test::PairCall& call = client.ask();
  for (std::size_t pings = 0; pings < 20; ++pings) {
    client.pass(kTimes.ping - 1ns);
    REQUIRE(client.count(kPing) == pings);
    client.pass(1ns);
    REQUIRE(client.count(kPing) == pings + 1);
    client.pass(kTimes.pong - 1ns);
    REQUIRE(client.count(kPing) == pings + 1);  // one at a time
    client.hear(pings % 2 == 0 ? kPong : frame(kWindowUpdate, 0, 0, u32(1)));
  }
  CHECK_FALSE(call.receiver.failed);
  CHECK_FALSE(client.session->interest().finished);
}

TEST_CASE("a connection whose PING gets no response in time is lost, and so are its requests") {
  Client client;
  const test::PairCall& first = client.ask();
  client.pass(10s);
  const test::PairCall& second = client.ask();
  client.pass(kTimes.ping - 10s);
  client.pass(kTimes.pong - 1ns);
  CHECK_FALSE(first.receiver.failed);
  CHECK(client.session->free() > 0);
  client.pass(1ns);
  for (const test::PairCall* const call : {&first, &second}) {
    REQUIRE(call->receiver.failure);
    CHECK(call->receiver.failure->reason == AbortReason::timeout);
    CHECK(call->receiver.failure->step == CallStep::wait);
    CHECK_FALSE(call->receiver.failure->replayable);
  }
  CHECK(client.session->free() == 0);
  CHECK(client.session->idle());
  CHECK(client.session->interest().finished);
  CHECK(client.session->interest().broken);
  CHECK(client.session->deadline() == kNever);
}

TEST_CASE("an upload that moves puts off the end of a silent connection") {
  Client client;
  const test::PairCall& call = client.ask(
      test::scripted(client.pool, {test::BodyStep::data("x"), test::BodyStep::blocked()}));
  client.pass(kTimes.ping);
  for (int i = 0; i < 10; ++i) {
    client.pass(kTimes.pong - 1ns);
    client.session->on_progress(client.clock.now());
  }
  CHECK_FALSE(call.receiver.failed);
  client.pass(kTimes.pong);
  CHECK(call.receiver.failed == AbortReason::timeout);
}

TEST_CASE("an idle client says GOAWAY without an error before it goes") {
  Client client;
  client.pass(kTimes.idle);
  CHECK(client.count(kGoaway) == 1);
  CHECK(client.sent.ends_with(frame(kGoaway, 0, 0, u32(0) + u32(0))));
  CHECK(client.session->interest().finished);
}

TEST_CASE("no more requests are free than windows fit into that of the connection") {
  Client client;
  CHECK(client.session->free() == client.limits.concurrent_streams);
  for (const auto& [window, most] : {std::pair{(1U << 28U), 3U}, std::pair{(1U << 28U) - 1U, 4U}}) {
    client.limits.call_window = window;
    CHECK(client.session->free() == most);
  }
}

}  // namespace
}  // namespace troika::h2
