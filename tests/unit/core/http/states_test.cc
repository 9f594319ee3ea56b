// The tables of Receiving, Sending and Handling, as their headers draw them: each row is one
// transition.
#include <catch2/catch_test_macros.hpp>

#include "support/session_harness.h"
#include "unit/core/http/exchange_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

// An incoming message in one of its states.
struct IncomingRig final : Incoming::Feedback {
  BufferPool pool;
  Incoming content{pool, 100, *this};
  void on_consumed(std::size_t) noexcept override {}
  void on_stopped(AbortReason) noexcept override {}

  explicit IncomingRig(Receiving state) {
    if (state == Receiving::head) return;
    content.begin(std::nullopt);
    if (state == Receiving::done) std::ignore = content.finish();
    if (state == Receiving::stopped) content.stop(AbortReason::body_stopped);
    CHECK(content.state() == state);
  }
};

struct OutgoingRig final : Outgoing::Feedback {
  BufferPool pool;
  Outgoing content{*this};
  void on_source_ready() noexcept override {}

  explicit OutgoingRig(Sending state) {
    if (state == Sending::nothing) return;
    const bool whole = state == Sending::done;
    content.begin(whole ? nullptr : body_of(pool, "content"), whole ? 0 : 7);
    if (state == Sending::body) std::ignore = content.pull(1);
    if (state == Sending::done) content.on_end_framed();
    if (state == Sending::reset) content.reset(AbortReason::timeout);
    CHECK(content.state() == state);
  }
};

}  // namespace

TEST_CASE("Receiving: each event leads where its table says") {
  using enum Receiving;
  struct Row {
    const char* event;
    void (*act)(Incoming&);
    Receiving head, body, stopped, done;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"begin", [](Incoming& in) { in.begin(std::nullopt); }, body, body, stopped, done},
           {"push", [](Incoming& in) { CHECK(in.push(bytes_of("x"))); }, head, body, stopped, done},
           {"finish", [](Incoming& in) { CHECK(in.finish()); }, done, done, done, done},
           {"fail", [](Incoming& in) { in.fail({}); }, done, done, done, done},
           {"stop", [](Incoming& in) { in.stop({}); }, stopped, stopped, stopped, done},
           {"detach", [](Incoming& in) { in.detach(); }, head, stopped, stopped, done}}) {
    for (const auto& [from, to] :
         {std::pair(head, row.head), {body, row.body}, {stopped, row.stopped}, {done, row.done}}) {
      CAPTURE(row.event, static_cast<int>(from));
      IncomingRig rig(from);
      row.act(rig.content);
      CHECK(rig.content.state() == to);
    }
  }
}

TEST_CASE("Receiving: content that comes when nobody reads it is dropped") {
  for (const Receiving state : {Receiving::stopped, Receiving::done}) {
    IncomingRig rig(state);
    CHECK(rig.content.push(bytes_of("x")));
    CHECK(rig.content.buffered() == 0);
  }
}

TEST_CASE("Receiving: the declared length holds, read or not") {
  for (const bool read : {true, false}) {
    for (const std::uint64_t sent : {4U, 5U, 6U}) {
      CAPTURE(read, sent);
      IncomingRig rig(Receiving::head);
      rig.content.begin(5);
      if (!read) rig.content.stop(AbortReason::body_stopped);
      CHECK(rig.content.push(bytes_of(std::string(sent, 'x'))).has_value() == (sent <= 5));
      CHECK(rig.content.finish().has_value() == (sent == 5));
    }
  }
}

TEST_CASE("Sending: each event leads where its table says") {
  using enum Sending;
  struct Row {
    const char* event;
    void (*act)(Outgoing&);
    Sending nothing, head, body, done, reset;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"begin", [](Outgoing& out) { out.begin(nullptr, 0); }, head, head, head, head, head},
           {"pull", [](Outgoing& out) { CHECK(out.pull(1)); }, nothing, body, body, done, reset},
           {"end framed", [](Outgoing& out) { out.on_end_framed(); }, done, done, done, done,
            reset},
           {"reset", [](Outgoing& out) { out.reset({}); }, reset, reset, reset, reset, reset}}) {
    for (const auto& [from, to] : {std::pair(nothing, row.nothing),
                                   {head, row.head},
                                   {body, row.body},
                                   {done, row.done},
                                   {reset, row.reset}}) {
      // One message, one head: begin() and the end come in their order.
      if (row.event == std::string_view("begin") && from != nothing) continue;
      if (row.event == std::string_view("end framed") && from == nothing) continue;
      CAPTURE(row.event, static_cast<int>(from));
      OutgoingRig rig(from);
      row.act(rig.content);
      CHECK(rig.content.state() == to);
    }
  }
}

TEST_CASE("Sending: a source that fails, or that breaks its length, resets the message") {
  struct Row {
    std::vector<BodyStep> steps;
    Sending to;
  };
  for (const Row& row : {Row{{BodyStep::error()}, Sending::reset},
                         {{BodyStep::data("1234")}, Sending::reset},
                         {{BodyStep::data("12345")}, Sending::body},
                         {{BodyStep::data("123456")}, Sending::reset}}) {
    OutgoingRig rig(Sending::nothing);
    rig.content.begin(std::make_unique<ScriptedBody>(rig.pool, row.steps), 5);
    for (int i = 0; i < 3; ++i) std::ignore = rig.content.pull(100);
    CHECK(rig.content.state() == row.to);
    CHECK(rig.content.complete() == (row.to == Sending::body));
  }
}

TEST_CASE("Handling: idle to running when the head is there, and to released without a job") {
  Stage stage;
  CHECK(stage.exchange->handling() == Handling::idle);
  stage.exchange->advance();
  CHECK(stage.exchange->handling() == Handling::idle);
  stage.run(Stage::get());
  CHECK(stage.exchange->handling() == Handling::released);
}

TEST_CASE("Handling: running until all of the response is pulled") {
  Stage stage(Stage::get());
  CHECK(stage.exchange->handling() == Handling::running);
  std::ignore = stage.responder->respond({}, body_of(stage.bench.pool, "x"));
  stage.exchange->advance();
  CHECK(stage.exchange->handling() == Handling::running);
  CHECK(stage.pull_all() == "x");
  CHECK(stage.exchange->handling() == Handling::released);
  CHECK(stage.jobs == 0);
}

TEST_CASE("Handling: held until the handshake is done, and counted so long") {
  Stage stage;
  stage.answer_later();
  stage.bench.peer.security.handshaking = true;
  stage.run(Stage::post(3));
  CHECK(stage.exchange->handling() == Handling::held);
  CHECK(stage.bench.peer.held == 1);
  stage.exchange->advance();
  CHECK(stage.exchange->handling() == Handling::held);
  stage.bench.peer.security.handshaking = false;
  stage.exchange->advance();
  CHECK(stage.exchange->handling() == Handling::running);
  CHECK(stage.bench.peer.held == 0);
}

TEST_CASE("Handling: held to idle when we respond in the handler's place") {
  Stage stage;
  stage.bench.peer.security.handshaking = true;
  stage.run(Stage::post(3));
  stage.bench.clock.advance(stage.bench.exchange_timeouts.body_progress);
  stage.exchange->on_deadline(stage.bench.clock.now());
  CHECK(stage.port.heads.at(0).status == 408);
  CHECK(stage.exchange->handling() == Handling::idle);
  CHECK(stage.bench.peer.held == 0);
  std::ignore = stage.pull_all();
  stage.exchange->advance();
  CHECK(stage.exchange->handling() == Handling::released);
  CHECK(stage.bench.handler.started == 0);
}

TEST_CASE("Handling: closed from every state, with one summary for each request that had a head") {
  const auto close = [](Stage& stage, std::size_t summaries) {
    for (int i = 0; i < 2; ++i) {
      stage.exchange->on_closed();
      CHECK(stage.exchange->handling() == Handling::closed);
      CHECK(stage.bench.observer.entries.size() == summaries);
      CHECK(stage.bench.peer.held == 0);
      CHECK(stage.jobs == 0);
    }
    stage.exchange->advance();
    CHECK(stage.exchange->handling() == Handling::closed);
  };
  Stage idle;
  close(idle, 0);
  Stage held;
  held.bench.peer.security.handshaking = true;
  held.run(Stage::post(3));
  close(held, 1);
  Stage running(Stage::get());
  close(running, 1);
  Stage released;
  released.run(Stage::get());
  close(released, 1);
}
