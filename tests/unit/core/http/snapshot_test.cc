// Which snapshot an exchange goes by, and how long that lives.
#include "exchange_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

// A stage whose snapshot can be replaced.
struct SnapshotStage : Stage {
  void post() {
    bench.services.snapshot = Ref<Snapshot>(new CountedSnapshot(next, timeouts, alive));
  }

  ScriptedHandler next;  // of what post() makes
  ExchangeTimeouts timeouts{.handler = std::chrono::seconds(7)};
  int alive = 0;
};

}  // namespace

TEST_CASE("A request whose head has come keeps its snapshot, and the next one has the new one") {
  SnapshotStage stage;
  stage.answer_later();
  stage.next.answer = hold(stage.jobs);
  stage.exchange->begin(Stage::get());
  stage.post();
  stage.exchange->advance();
  CHECK(stage.bench.handler.started == 1);
  CHECK(stage.exchange->deadline() ==
        stage.bench.clock.now() + stage.bench.exchange_timeouts.handler);

  RecordingPort port;
  Exchange other(port, stage.bench.services, stage.bench.peer, HttpVersion::http2, 1000);
  other.begin(Stage::get());
  other.advance();
  CHECK(stage.next.started == 1);
  CHECK(other.deadline() == stage.bench.clock.now() + stage.timeouts.handler);
  CHECK(stage.bench.handler.started == 1);
}

TEST_CASE("A stream that is open already goes by the snapshot of the time when its head comes") {
  SnapshotStage stage;
  stage.post();
  stage.run(Stage::get());
  CHECK(stage.next.started == 1);
  CHECK(stage.bench.handler.started == 0);
}

TEST_CASE("A tunnel is offered to the handler of the request's own snapshot") {
  for (const bool taken : {true, false}) {
    SnapshotStage stage;
    stage.bench.handler.tunnels = taken;
    stage.next.tunnels = !taken;
    Request request = Stage::get();
    request.method = Method::connect;
    request.protocol = "websocket";
    stage.exchange->begin(std::move(request));
    stage.post();
    stage.exchange->advance();
    CHECK(stage.bench.handler.started == (taken ? 1 : 0));
    CHECK(stage.port.heads.at(0).status == (taken ? 200 : 501));
  }
}

TEST_CASE("A snapshot is deleted with the last of its exchanges, not before") {
  SnapshotStage stage;
  constexpr std::size_t kMany = 5;
  stage.post();
  std::array<std::optional<Exchange>, kMany> exchanges;
  for (auto& exchange : exchanges) {
    exchange.emplace(stage.port, stage.bench.services, stage.bench.peer, HttpVersion::http2, 1000);
    exchange->begin(Stage::get());
  }
  stage.exchange->begin(Stage::get());
  stage.exchange.reset();
  stage.post();
  CHECK(stage.alive == 2);
  for (auto& exchange : exchanges) {
    CHECK(stage.alive == 2);
    exchange.reset();
  }
  CHECK(stage.alive == 1);
  stage.bench.services.snapshot = {};
  CHECK(stage.alive == 0);
}
