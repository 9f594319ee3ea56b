// What an exchange does before its handler may start: early requests wait, and the authority is
// asked for.
#include "exchange_stage.h"
#include "support/fake_authority_check.h"

using namespace troika;
using namespace troika::test;

namespace {

// An exchange of a connection whose handshake still goes on.
struct EarlyStage : Stage {
  EarlyStage() { bench.peer.security.handshaking = true; }
  ~EarlyStage() {
    exchange.reset();
    CHECK(bench.peer.held == 0);
  }
  void end_handshake() {
    bench.peer.security.handshaking = false;
    exchange->advance();
  }
};

}  // namespace

TEST_CASE("A request that may be a replay and changes something waits for the handshake") {
  EarlyStage stage;
  stage.run(Stage::post(std::nullopt));
  REQUIRE(stage.receive("abc", true));
  stage.exchange->advance();
  CHECK(stage.bench.handler.started == 0);
  CHECK(stage.bench.peer.held == 1);
  stage.end_handshake();
  CHECK(stage.bench.handler.started == 1);
  CHECK(stage.bench.peer.held == 0);
  CHECK(stage.exchange->request().early_data);
}

TEST_CASE("A request that is held and has been answered by its stream starts no handler") {
  EarlyStage stage;
  stage.run(Stage::post(std::nullopt));
  ResponseHead head;
  head.status = 400;
  REQUIRE(stage.exchange->respond(std::move(head), nullptr));
  CHECK(stage.bench.peer.held == 0);
  stage.end_handshake();
  CHECK(stage.bench.handler.started == 0);
  CHECK(stage.port.heads.size() == 1);
}

TEST_CASE("The time that a request was held is not held against its body") {
  EarlyStage stage;
  stage.answer_later();
  stage.run(Stage::post(10));
  stage.bench.clock.advance(std::chrono::seconds(9));
  stage.end_handshake();
  CHECK(stage.exchange->deadline() ==
        stage.bench.clock.now() + stage.bench.exchange_timeouts.body_progress);
}

TEST_CASE("The 100 that a held request asks for is sent when its handler wants the body") {
  EarlyStage stage;
  stage.answer_later();
  stage.run(Stage::post(3, true));
  CHECK(stage.port.informational.empty());
  stage.end_handshake();
  (void)stage.request_body->pull(10);
  CHECK(stage.port.informational.size() == 1);
}

TEST_CASE("421 goes before the hold, and only encrypted connections are asked for their names") {
  for (const bool encrypted : {true, false}) {
    EarlyStage stage;
    FakeAuthorityCheck names;
    stage.bench.services.authority = &names;
    stage.bench.peer.security.encrypted = encrypted;
    stage.bench.peer.security.handshaking = encrypted;
    stage.bench.peer.security.server_name = "a.test";
    Request request = Stage::post(0);
    request.authority = "b.test";
    stage.run(std::move(request));
    CHECK(stage.port.heads.at(0).status == (encrypted ? 421 : 200));
    CHECK(names.asked.size() == (encrypted ? 1 : 0));
  }
}

TEST_CASE("A request without an authority is not misdirected") {
  Stage stage;
  const FakeAuthorityCheck names;
  stage.bench.services.authority = &names;
  stage.bench.peer.security.server_name = "a.test";
  stage.run(Stage::get());
  CHECK(stage.port.heads.at(0).status == 200);
}
