// What early data may bring about (RFC 8470): written once, true over every protocol.
#include <catch2/catch_test_macros.hpp>

#include "behaviour/handshake_stage.h"
#include "support/h1_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

Request request_of(std::string_view method, std::string target = "/") {
  Request request;
  request.method = method_from(method);
  request.method_text = method;
  request.scheme = "https";
  request.authority = "example.test";
  request.target.raw = std::move(target);
  return request;
}

// Runs `check` over each protocol; afterwards nothing is left, and each request has its summary.
void over_each(const std::vector<Over>& protocols, std::size_t requests,
               const std::function<void(HandshakeStage&)>& check) {
  for (const Over protocol : protocols) {
    DYNAMIC_SECTION(name_of(protocol)) {
      const auto stage = make_handshake_stage(protocol);
      int jobs = 0;
      stage->bench.handler.answer = echo(jobs);
      check(*stage);
      stage->lose();
      CHECK(jobs == 0);
      CHECK(stage->bench.peer.held == 0);
      CHECK(stage->bench.pool.outstanding() == 0);
      CHECK(stage->client_pool.outstanding() == 0);
      CHECK(stage->bench.observer.entries.size() == requests);
    }
  }
}
const std::vector<Over> kAll{Over::h1, Over::h2, Over::h3};
const std::vector<Over> kParallel{Over::h2, Over::h3};  // many requests at once

std::unique_ptr<BodySource> body_in_parts(HandshakeStage& stage, std::vector<BodyStep> steps,
                                          BodyProbe& probe) {
  return std::make_unique<ScriptedBody>(stage.client_pool, std::move(steps), &probe);
}

}  // namespace

TEST_CASE("GET, HEAD and OPTIONS without a body are answered from early data") {
  over_each(kAll, 3, [](HandshakeStage& stage) {
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
    DYNAMIC_SECTION(method) {
      over_each(kAll, 1, [&](HandshakeStage& stage) {
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
}

TEST_CASE("What comes of a held body after the handshake is delivered as well") {
  over_each(kAll, 1, [](HandshakeStage& stage) {
    stage.open(true);
    BodyProbe probe;
    const client::Fetch& fetch = stage.fetch(
        request_of("POST"),
        body_in_parts(
            stage, {BodyStep::data("early "), BodyStep::blocked(), BodyStep::data("late")}, probe));
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
  over_each(kAll, 1, [](HandshakeStage& stage) {
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
  over_each(kAll, 1, [](HandshakeStage& stage) {
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
    DYNAMIC_SECTION((ends_first ? "its end comes first" : "the handshake is done first")) {
      over_each(kAll, 1, [&](HandshakeStage& stage) {
        stage.open(true);
        BodyProbe probe;
        const client::Fetch& fetch =
            stage.fetch(request_of("GET"), body_in_parts(stage, {BodyStep::blocked()}, probe));
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
}

TEST_CASE("A request that begins after the handshake is not early") {
  over_each(kAll, 2, [](HandshakeStage& stage) {
    stage.open(true);
    stage.end_handshake();
    for (const std::string_view method : {"GET", "POST"}) {
      CHECK(stage.fetch(request_of(method)).status() == 200);
      CHECK(!stage.bench.handler.requests.back().early_data);
    }
  });
}

TEST_CASE("Without early data nothing waits") {
  over_each(kAll, 1, [](HandshakeStage& stage) {
    stage.open(false);
    CHECK(stage.fetch(request_of("POST")).status() == 200);
    CHECK(!stage.bench.handler.requests.back().early_data);
  });
}

TEST_CASE("Sixteen requests of a connection wait, the seventeenth is answered 425") {
  over_each(kParallel, 18, [](HandshakeStage& stage) {
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
    DYNAMIC_SECTION("at most " << bound) {
      over_each(kAll, 2, [&](HandshakeStage& stage) {
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
}

TEST_CASE("A request that was held and is reset makes room for another") {
  over_each(kParallel, 3, [](HandshakeStage& stage) {
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
  over_each(kAll, 1, [](HandshakeStage& stage) {
    stage.open(true);
    Request request = request_of("POST");
    request.headers.add("expect", "wonders");
    CHECK(stage.fetch(request).status() == 417);
    CHECK(stage.bench.handler.started == 0);
  });
}

TEST_CASE("A connection that is lost takes its held requests with it") {
  over_each(kParallel, 3, [](HandshakeStage& stage) {
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
