#pragma once
// A connection whose client's end and time are in the test's hands, and an owner as the worker is
// one. Nothing is left at its end.
#include <catch2/catch_test_macros.hpp>

#include "ports/transport.h"
#include "runtime/connection.h"
#include "support/memory_stream.h"
#include "support/session_harness.h"

namespace troika::test {

struct ConnectionRig : ConnectionOwner {
  ConnectionRig() {
    sent.tap = [this](std::span<const std::byte> b) { received += text_of(b); };
  }
  virtual ~ConnectionRig() {
    connection.reset();
    CHECK(bench.pool.outstanding() == 0);
    CHECK(timers.size() == 0);
  }
  ConnectionRig(const ConnectionRig&) = delete;
  ConnectionRig& operator=(const ConnectionRig&) = delete;

  void start(std::unique_ptr<Transport> transport, std::string alt_svc = "",
             Services* plain = nullptr) {
    connection = std::make_unique<Connection>(std::move(transport), std::move(alt_svc),
                                              bench.services, timers, places, *this, plain);
    connection->start();
  }
  // Every request is answered with such a body.
  void answer_with(std::vector<BodyStep> steps, std::optional<std::uint64_t> length = {},
                   BodyProbe* probe = nullptr) {
    bench.handler.answer = [=, this](RequestContext, Responder& responder) {
      std::ignore =
          responder.respond({}, std::make_unique<ScriptedBody>(bench.pool, steps, probe, length));
      return nullptr;
    };
  }
  void flush() {
    while (!done && std::exchange(dirty, false)) {
      if (connection->flush(bench.clock.now())) dirty = true;
    }
  }
  void turn() {
    for (int i = 0; i < 10; ++i) {
      link.pump();
      flush();
    }
  }
  void send(std::string_view text) {
    link.inject(End::client, bytes_of(text));
    turn();
  }
  void leave() {
    link.inject_fin(End::client);
    turn();
  }
  void advance(Duration time) {
    bench.clock.advance(time);
    timers.advance_to(bench.clock.now());
  }
  void pass(Duration time) {
    advance(time);
    turn();
  }

  void on_dirty(Connection&) noexcept override { dirty = true; }
  void on_done(Connection&) noexcept override { done = true; }
  void on_handshake_failed(const Address& client, std::string_view why) noexcept override {
    failures.push_back(client.ip() + " " + std::string(why));
  }

  Bench bench{""};
  MemoryLink link;
  MemoryLink::Pipe& sent = link.sent_by(End::server);
  TimerQueue timers;
  Places places{4};
  std::unique_ptr<Connection> connection;
  std::string received;  // by the client
  std::vector<std::string> failures;
  bool done = false, dirty = false;
};

}  // namespace troika::test
