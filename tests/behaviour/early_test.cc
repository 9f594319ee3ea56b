// What early data may bring about (RFC 8470): written once, true over every protocol.
#include <catch2/catch_test_macros.hpp>

#include "behaviour/handshake_stage.h"
#include "support/responses.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::span kParallel = std::span(kProtocols).subspan(1);  // many requests at once

Request request_of(std::string_view method) {
  return client::make_request(method, "example.test", "/");
}

}  // namespace

TEST_CASE("GET, HEAD and OPTIONS without a body are answered from early data") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(true);
    for (const std::string_view method : {"GET", "HEAD", "OPTIONS"}) {
      CAPTURE(method);
      const client::Fetch& fetch = stage.fetch(request_of(method));
      CHECK(fetch.done());
      CHECK(fetch.status() == 200);
      CHECK(stage.bench.handler.requests.back().early_data);
    }
  });
}

TEST_CASE("Any other method waits for the handshake, and its body with it") {
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    CAPTURE(method);
    over_each(kProtocols, [&](HandshakeStage& stage) {
      stage.open(true);
      const std::string text = method == "POST" || method == "PUT" ? pattern(9000) : "";
      const client::Fetch& fetch = stage.fetch(
          request_of(method), text.empty() ? nullptr : body_of(stage.client_pool, text));
      CHECK(stage.bench.handler.started == 0);
      CHECK(!fetch.has_head());

      stage.end_handshake();
      CHECK(stage.bench.handler.started == 0);  // an engine may be on the stack
      stage.run();
      CHECK(stage.bench.handler.started == 1);
      CHECK(stage.bench.handler.requests.at(0).early_data);
      CHECK(fetch.status() == 200);
      CHECK(fetch.body == text);
    });
  }
}

TEST_CASE("What comes of a held body after the handshake is delivered as well") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(true);
    BodyProbe probe;
    const client::Fetch& fetch = stage.fetch(
        request_of("POST"),
        scripted(stage.client_pool,
                 {BodyStep::data("early "), BodyStep::blocked(), BodyStep::data("late")}, &probe));
    CHECK(stage.bench.handler.started == 0);
    stage.end_handshake();
    stage.run();
    CHECK(stage.bench.handler.started == 1);
    CHECK(fetch.body == "early ");
    probe.release();
    stage.run();
    CHECK(fetch.body == "early late");
    CHECK(fetch.done());
  });
}

TEST_CASE("A held body has its ordinary window, and the rest of it comes after the handshake") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(true);
    const std::string text = pattern(3 * stage.bench.limits.h3_stream_window);
    const client::Fetch& fetch = stage.fetch(request_of("POST"), body_of(stage.client_pool, text));
    CHECK(stage.bench.handler.started == 0);
    CHECK(stage.bench.pool.outstanding() < 2 * stage.bench.limits.h3_stream_window);
    stage.end_handshake();
    stage.run();
    CHECK(fetch.done());
    CHECK(fetch.body == text);
  });
}

TEST_CASE("A GET that brings a body waits for the handshake") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(true);
    const client::Fetch& fetch = stage.fetch(request_of("GET"), body_of(stage.client_pool, "x"));
    CHECK(stage.bench.handler.started == 0);
    stage.end_handshake();
    stage.run();
    CHECK(fetch.body == "x");
  });
}

TEST_CASE("A GET whose end is yet to come waits for it, or for the handshake") {
  for (const bool ends_first : {true, false}) {
    CAPTURE(ends_first);
    over_each(kProtocols, [&](HandshakeStage& stage) {
      stage.open(true);
      BodyProbe probe;
      const client::Fetch& fetch = stage.fetch(
          request_of("GET"), scripted(stage.client_pool, {BodyStep::blocked()}, &probe));
      CHECK(stage.bench.handler.started == 0);
      ends_first ? probe.release() : stage.end_handshake();
      stage.run();
      CHECK(stage.bench.handler.started == 1);
      probe.release();
      stage.run();
      CHECK(fetch.done());
      CHECK(fetch.status() == 200);
    });
  }
}

TEST_CASE("A request that begins after the handshake is not early") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(true);
    stage.end_handshake();
    for (const std::string_view method : {"GET", "POST"}) {
      CHECK(stage.fetch(request_of(method)).status() == 200);
      CHECK(!stage.bench.handler.requests.back().early_data);
    }
  });
}

TEST_CASE("Without early data nothing waits") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(false);
    CHECK(stage.fetch(request_of("POST")).status() == 200);
    CHECK(!stage.bench.handler.requests.back().early_data);
  });
}

TEST_CASE("Sixteen requests of a connection wait, the seventeenth is answered 425") {
  over_each(kParallel, [](HandshakeStage& stage) {
    REQUIRE(stage.bench.limits.early_held == 16);
    stage.open(true);
    for (int i = 0; i < 16; ++i) CHECK(!stage.fetch(request_of("POST")).has_head());
    const client::Fetch& over = stage.fetch(request_of("POST"), body_of(stage.client_pool, "x"));
    CHECK(over.status() == 425);
    CHECK(over.body == "425 Too Early\n");
    CHECK(stage.fetch(request_of("GET")).status() == 200);
    CHECK(stage.bench.handler.started == 1);

    stage.end_handshake();
    stage.run();
    CHECK(stage.bench.handler.started == 17);
    for (std::size_t i = 0; i < 16; ++i) CHECK(stage.fetches[i]->status() == 200);
  });
}

TEST_CASE("The bound counts where there is one request at a time, too") {
  for (const std::size_t bound : {0U, 1U}) {
    CAPTURE(bound);
    over_each(kProtocols, [&](HandshakeStage& stage) {
      stage.bench.limits.early_held = bound;
      stage.open(true);
      const client::Fetch& first = stage.fetch(request_of("POST"));
      CHECK(first.status() == (bound == 0 ? 425 : 0));
      stage.end_handshake();
      stage.run();
      CHECK(first.status() == (bound == 0 ? 425 : 200));
      CHECK(stage.fetch(request_of("POST")).status() == 200);  // the connection goes on
    });
  }
}

TEST_CASE("A request that was held and is reset makes room for another") {
  over_each(kParallel, [](HandshakeStage& stage) {
    stage.bench.limits.early_held = 1;
    stage.open(true);
    client::Fetch& first = stage.fetch(request_of("POST"));
    CHECK(stage.fetch(request_of("POST")).status() == 425);
    first.cancel();
    stage.run();
    const client::Fetch& third = stage.fetch(request_of("POST"));
    CHECK(!third.has_head());
    stage.end_handshake();
    stage.run();
    CHECK(third.status() == 200);
    CHECK(stage.bench.handler.started == 1);
  });
}

TEST_CASE("A request that is refused is refused at once") {
  over_each(kProtocols, [](HandshakeStage& stage) {
    stage.open(true);
    Request request = request_of("POST");
    request.headers.add("expect", "wonders");
    CHECK(stage.fetch(request).status() == 417);
    CHECK(stage.bench.handler.started == 0);
  });
}

TEST_CASE("A connection that is lost takes its held requests with it") {
  over_each(kParallel, [](HandshakeStage& stage) {
    stage.open(true);
    for (int i = 0; i < 3; ++i) {
      stage.fetch(request_of("POST"), body_of(stage.client_pool, pattern(5000)));
    }
    CHECK(stage.bench.pool.outstanding() > 0);
    stage.lose();
    CHECK(stage.bench.handler.started == 0);
    for (const auto& entry : stage.bench.observer.entries) {
      CHECK(entry.aborted == AbortReason::peer_gone);
      CHECK(entry.status == 0);
    }
  });
}
