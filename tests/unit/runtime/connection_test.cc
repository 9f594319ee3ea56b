#include "runtime/connection.h"

#include <catch2/catch_test_macros.hpp>

#include "ports/transport.h"
#include "support/memory_stream.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

// A connection without TLS, its client's end in the test's hands, and an owner as the worker is
// one.
struct Plain final : ConnectionOwner {
  Bench bench{""};
  MemoryLink link;
  TimerQueue timers;
  std::unique_ptr<Connection> connection;
  std::string received;  // by the client
  std::vector<std::string> failures;
  bool done = false, dirty = false;

  Plain() {
    link.sent_by(End::server).tap = [this](std::span<const std::byte> b) {
      received += text_of(b);
    };
    connection =
        std::make_unique<Connection>(std::make_unique<PlainTransport>(link.open(End::server)), "",
                                     bench.services, timers, *this);
    connection->start();
  }
  ~Plain() {
    connection.reset();
    CHECK(bench.pool.outstanding() == 0);
    CHECK(timers.size() == 0);
    CHECK(failures.empty());
  }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  void on_dirty(Connection&) noexcept override { dirty = true; }
  void on_done(Connection&) noexcept override { done = true; }
  void on_handshake_failed(const Address&, std::string_view why) noexcept override {
    failures.emplace_back(why);
  }

  void turn() {
    for (int i = 0; i < 10; ++i) {
      link.pump();
      while (!done && std::exchange(dirty, false)) {
        if (connection->flush(bench.clock.now())) dirty = true;
      }
    }
  }
  void send(std::string_view text) {
    link.inject(End::client, bytes_of(text));
    turn();
  }
  void pass(Duration time) {
    bench.clock.advance(time);
    timers.advance_to(bench.clock.now());
    turn();
  }
};

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

TEST_CASE("The first bytes choose HTTP/1.1") {
  Plain plain;
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(plain.received.starts_with("HTTP/1.1 200 "));
  CHECK(plain.received.ends_with("hello"));
}

TEST_CASE("The preface chooses HTTP/2, however it is cut") {
  for (const std::size_t cut : {1U, 3U, 23U, 24U}) {
    Plain plain;
    plain.send(kPreface.substr(0, cut));
    CHECK((plain.received.empty() || cut == kPreface.size()));
    plain.send(kPreface.substr(cut));
    plain.send(std::string_view("\0\0\0\4\0\0\0\0\0", 9));  // SETTINGS, empty
    REQUIRE(plain.received.size() > 9);
    CHECK(plain.received[3] == 4);  // SETTINGS is the first thing that a server sends
  }
}

TEST_CASE("A method that begins like the preface is still HTTP/1.1") {
  Plain plain;
  plain.send("PRI");
  plain.send("NT / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(plain.received.starts_with("HTTP/1.1 501 "));
}

TEST_CASE("A connection that says nothing ends at the handshake timeout, not before") {
  Plain plain;
  plain.pass(plain.bench.timeouts.handshake - Duration(1));
  CHECK(!plain.done);
  plain.pass(Duration(1));
  CHECK(plain.done);
}

TEST_CASE("A client that sends half of the preface and leaves is answered or dropped") {
  Plain plain;
  plain.send("PRI * HT");
  plain.link.inject_fin(End::client);
  plain.turn();
  CHECK((plain.done || plain.link.sent_by(End::server).fin));
}

TEST_CASE("After the last answer it shuts its side, reads on, and ends when the client does") {
  Plain plain;
  plain.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(plain.received.ends_with("hello"));
  CHECK(plain.link.sent_by(End::server).fin);
  CHECK(!plain.done);
  plain.send("more that nobody reads");
  CHECK(!plain.done);
  plain.link.inject_fin(End::client);
  plain.turn();
  CHECK(plain.done);
}

TEST_CASE("A client that does not end is left alone after the linger time") {
  Plain plain;
  plain.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  plain.pass(plain.bench.timeouts.linger - Duration(1));
  CHECK(!plain.done);
  plain.pass(Duration(1));
  CHECK(plain.done);
}

TEST_CASE("An idle connection ends at the idle timeout") {
  Plain plain;
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.pass(plain.bench.timeouts.idle_tcp - Duration(1));
  CHECK(!plain.link.sent_by(End::server).fin);
  plain.pass(Duration(1));
  CHECK(plain.link.sent_by(End::server).fin);
}

TEST_CASE("A body that is framed by the end of the connection and fails ends in a reset") {
  Plain plain;
  plain.bench.handler.answer = [](RequestContext context, Responder& responder) {
    (void)responder.respond(
        {}, std::make_unique<ScriptedBody>(context.services.pool,
                                           std::vector{BodyStep::data("part"), BodyStep::error()}));
    return nullptr;
  };
  plain.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(plain.done);
  plain.connection.reset();
  CHECK(plain.link.sent_by(End::server).reset);
}

TEST_CASE("A drain ends an idle connection at once and a busy one after its answer") {
  Plain idle, busy;
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.connection->drain();
  idle.turn();
  CHECK(idle.link.sent_by(End::server).fin);

  BodyProbe probe;
  busy.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    (void)responder.respond(
        {}, std::make_unique<ScriptedBody>(context.services.pool,
                                           std::vector{BodyStep::blocked(), BodyStep::data("late")},
                                           &probe, 4));
    return nullptr;
  };
  busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  busy.connection->drain();
  busy.turn();
  CHECK(!busy.link.sent_by(End::server).fin);
  probe.release();
  busy.turn();
  CHECK(busy.received.ends_with("late"));
  CHECK(busy.link.sent_by(End::server).fin);
}

TEST_CASE("A client that reads nothing stops the body, and is dropped at the write timeout") {
  Plain plain;
  plain.link.sent_by(End::server).capacity = 1000;
  BodyProbe probe;
  plain.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    std::vector<BodyStep> steps;
    for (int i = 0; i < 100; ++i) steps.push_back(BodyStep::data(std::string(60000, 'x')));
    (void)responder.respond({}, std::make_unique<ScriptedBody>(context.services.pool,
                                                               std::move(steps), &probe, 6000000));
    return nullptr;
  };
  // No turn of the link: what was written stays on its way.
  plain.link.inject(End::client, bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  plain.link.deliver_anyway(End::server);
  plain.link.pump();
  while (std::exchange(plain.dirty, false)) (void)plain.connection->flush(plain.bench.clock.now());
  CHECK(probe.pulled_bytes <= plain.bench.limits.output_high + kMaxPull);
  CHECK(plain.bench.pool.outstanding() <= 2 * plain.bench.limits.output_high);
  plain.bench.clock.advance(plain.bench.timeouts.write_progress);
  plain.timers.advance_to(plain.bench.clock.now());
  while (std::exchange(plain.dirty, false)) (void)plain.connection->flush(plain.bench.clock.now());
  CHECK(probe.alive == 0);
}

TEST_CASE("A peer that does not take the last bytes is dropped at the write timeout, not before") {
  Plain plain;
  plain.link.sent_by(End::server).capacity = 0;
  plain.send("nonsense\r\n\r\n");
  plain.pass(plain.bench.timeouts.write_progress - Duration(1));
  CHECK(!plain.done);
  plain.pass(Duration(1));
  CHECK(plain.done);
}

TEST_CASE("An HTTP/2 peer that breaks the protocol and reads nothing is dropped in bounded time") {
  Plain plain;
  plain.link.sent_by(End::server).capacity = 0;
  plain.send(kPreface);
  plain.send("this is no frame of HTTP/2 at all");
  for (int seconds = 0; seconds < 120 && !plain.done; ++seconds)
    plain.pass(std::chrono::seconds(1));
  CHECK(plain.done);
}

TEST_CASE("A connection that ends in the turn that used up its budget is not flushed again") {
  constexpr std::size_t kTurnBudget = 512U << 10U;
  const auto serve = [](Plain& plain, std::size_t size) {
    plain.link.sent_by(End::server).capacity = 4U << 20U;
    plain.bench.handler.answer = [size](RequestContext context, Responder& responder) {
      std::ignore =
          responder.respond({}, std::make_unique<PatternBody>(context.services.pool, size));
      return nullptr;
    };
    plain.link.inject(End::client, bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    plain.link.inject_fin(End::client);
  };
  Plain measured, exact;
  serve(measured, 500000);
  measured.turn();
  const std::size_t head = measured.received.size() - 500000;
  serve(exact, kTurnBudget - head);
  bool asked_again = false;
  for (int i = 0; i < 5 && !exact.done; ++i) {
    exact.link.pump();
    while (!exact.done && std::exchange(exact.dirty, false)) {
      asked_again = exact.connection->flush(exact.bench.clock.now());
      exact.dirty = asked_again;
    }
  }
  CHECK(exact.done);
  CHECK(exact.received.size() == kTurnBudget);
  CHECK(!asked_again);
}

// A client that takes what comes.
struct Reader final : ByteStream::Observer {
  explicit Reader(MemoryLink& link) : stream(link.open(End::client)) { stream->start(*this); }
  void on_bytes(std::span<const std::byte>) override {}
  void on_end() override {}
  void on_writable() override {}
  void on_closed(Error) override {}
  std::unique_ptr<ByteStream> stream;
};

TEST_CASE("A peer that reads slowly but steadily gets its last bytes, however long it takes") {
  Plain plain;
  plain.link.sent_by(End::server).capacity = 1000;
  plain.bench.handler.answer = [](RequestContext context, Responder& responder) {
    std::ignore =
        responder.respond({}, std::make_unique<PatternBody>(context.services.pool, 20000));
    return nullptr;
  };
  const Reader reader(plain.link);
  plain.link.inject(End::client, bytes_of("GET / HTTP/1.0\r\n\r\n"));
  for (int i = 0; i < 40 && !plain.link.sent_by(End::server).fin; ++i) {
    plain.link.pump();
    while (!plain.done && std::exchange(plain.dirty, false)) {
      std::ignore = plain.connection->flush(plain.bench.clock.now());
    }
    plain.bench.clock.advance(plain.bench.timeouts.write_progress - std::chrono::seconds(1));
    plain.timers.advance_to(plain.bench.clock.now());
  }
  CHECK(plain.received.ends_with(pattern(20000)));
  CHECK(plain.link.sent_by(End::server).fin);
}

TEST_CASE("Answers without a body that nobody reads are no way to hold a connection") {
  Plain plain;
  plain.link.sent_by(End::server).capacity = 100;
  std::string heads;
  for (int i = 0; i < 40; ++i) heads += "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  plain.link.inject(End::client, bytes_of(heads));
  plain.link.deliver_anyway(End::server);
  plain.link.pump();
  plain.link.sent_by(End::server).capacity = 0;
  for (int seconds = 0; seconds < 120 && !plain.done; ++seconds) {
    plain.bench.clock.advance(std::chrono::seconds(1));
    plain.timers.advance_to(plain.bench.clock.now());
    while (!plain.done && std::exchange(plain.dirty, false)) {
      std::ignore = plain.connection->flush(plain.bench.clock.now());
    }
  }
  CHECK(plain.done);
}
