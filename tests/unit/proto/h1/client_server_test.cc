// Our client against our server, through two output queues.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/random.h"
#include "proto/h1/client_session.h"
#include "support/h1_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Pair {
  Bench bench{"http/1.1"};
  std::unique_ptr<ByteSession> server = h1::make_session(bench.services, bench.peer, bench.host);
  std::unique_ptr<ClientByteSession> client =
      h1::make_client_session(bench.pool, bench.limits, bench.client_host);
  Wire wire{bench.pool, bench.clock, *client, *server};
  RecordingReceiver receiver;

  std::unique_ptr<ClientStream> start(Method method, std::unique_ptr<BodySource> body = nullptr) {
    Request request;
    request.method = method;
    request.method_text = name_of(method);
    request.target.raw = "/";
    request.authority = "a.test";
    receiver = {};
    auto stream = client->start(request, std::move(body), receiver);
    REQUIRE(stream);
    return std::move(*stream);
  }
  std::string read(ClientStream& stream) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
      wire.run();
      if (read_body(stream.body(), text) != ReadState::blocked) break;
    }
    return text;
  }
};

}  // namespace

TEST_CASE("client and server: many requests on one connection") {
  Pair pair;
  for (int i = 0; i < 20; ++i) {
    auto stream = pair.start(i % 2 == 0 ? Method::get : Method::head);
    CHECK(pair.read(*stream) == (i % 2 == 0 ? "hello" : ""));
    CHECK(pair.receiver.status() == 200);
    CHECK(stream->finished());
  }
  CHECK_FALSE(pair.server->interest().finished);
  CHECK(pair.bench.observer.entries.size() == 20);
}

TEST_CASE("client and server: a megabyte there and back, by length and in chunks, in odd pieces") {
  for (const bool tells_length : {true, false}) {
    for (const std::size_t chunk : {1021U, 16384U, 100'000U}) {
      Pair pair;
      int jobs = 0;
      pair.bench.handler.answer = echo(jobs);
      pair.wire.chunk = chunk;
      pair.wire.high = 50'000;
      auto stream = pair.start(
          Method::post, std::make_unique<PatternBody>(pair.bench.pool, 1'000'000, tells_length));
      const std::string text = pair.read(*stream);
      CHECK(text == pattern(1'000'000));
      CHECK(stream->finished());
      CHECK(jobs == 0);
      CHECK(pair.wire.client_status);
      CHECK(pair.wire.server_status);
      stream.reset();
      auto next = pair.start(Method::get);
      (void)pair.read(*next);
      CHECK(pair.receiver.status() == 200);
    }
  }
}

TEST_CASE("client and server: a client that does not read holds the server back") {
  Pair pair;
  pair.bench.handler.answer = with_pattern(10'000'000);
  auto stream = pair.start(Method::get);
  pair.wire.run();
  CHECK(pair.wire.to_client < 200'000);
  CHECK(pair.bench.pool.outstanding() < 1U << 20U);
  CHECK(pair.read(*stream).size() == 10'000'000);
}

TEST_CASE("client and server: nothing is left of an abort on either side") {
  for (const bool client_goes : {true, false}) {
    Bench* bench = nullptr;
    int jobs = 0;
    {
      Pair pair;
      bench = &pair.bench;
      bench->handler.answer = echo(jobs);
      auto stream =
          pair.start(Method::post, std::make_unique<PatternBody>(bench->pool, 10'000'000, false));
      pair.wire.run();
      CHECK(jobs == 1);
      if (client_goes) {
        stream.reset();
        CHECK(pair.client->interest().finished);
      } else {
        pair.client->abort(AbortReason::peer_gone);
        CHECK(pair.receiver.failed == AbortReason::peer_gone);
      }
      pair.server->abort(AbortReason::peer_gone);
      CHECK(jobs == 0);
      CHECK(bench->observer.entries.size() == 1);
      pair.wire.from_server().clear();
      pair.wire.from_client().clear();
      stream.reset();
      CHECK(bench->pool.outstanding() == 0);
    }
  }
}
