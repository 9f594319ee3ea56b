#include "runtime/connection.h"

#include <catch2/catch_test_macros.hpp>

#include "unit/runtime/connection_rig.h"

using namespace troika;
using namespace troika::test;

namespace {

// Without TLS.
struct Plain final : ConnectionRig {
  explicit Plain(const ExchangeTimeouts& timeouts = {}) {
    bench.services.snapshot = make_ref<Snapshot>(bench.handler, timeouts);
    start(std::make_unique<PlainTransport>(link.open(End::server)));
  }
  ~Plain() override { CHECK(failures.empty()); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
};

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLastGet = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

}  // namespace

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

TEST_CASE("Other first bytes choose HTTP/1.1, those of a method that begins like it, too") {
  Plain plain;
  plain.send("PRI");
  plain.send("NT / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(plain.received.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("A client that sends half of the preface and leaves is answered or dropped") {
  Plain plain;
  plain.send("PRI * HT");
  plain.leave();
  CHECK((plain.done || plain.sent.fin));
}

TEST_CASE("A connection ends at the timeout of its state, not before") {
  const struct {
    Duration time;
    std::string_view sent;
    std::size_t room;    // for what the server sends
    bool shuts = false;  // its side, and lingers
  } rows[] = {
      {Timeouts{}.handshake, "", 1000},
      {Timeouts{}.idle_tcp, kGet, 1000, true},
      {Timeouts{}.linger, kLastGet, 1000},
      {ExchangeTimeouts{}.write_progress, "nonsense\r\n\r\n", 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sent);
    Plain plain;
    plain.sent.capacity = row.room;
    plain.send(row.sent);
    const bool& ended = row.shuts ? plain.sent.fin : plain.done;
    plain.pass(row.time - Duration(1));
    CHECK(!ended);
    plain.pass(Duration(1));
    CHECK(ended);
  }
}

TEST_CASE("After the last answer it shuts its side, reads on, and ends when the client does") {
  Plain plain;
  plain.send(kLastGet);
  CHECK(plain.received.ends_with("hello"));
  CHECK(plain.sent.fin);
  CHECK(!plain.done);
  plain.send("more that nobody reads");
  CHECK(!plain.done);
  plain.leave();
  CHECK(plain.done);
}

TEST_CASE("A body that is framed by the end of the connection and fails ends in a reset") {
  Plain plain;
  plain.answer_with({BodyStep::data("part"), BodyStep::error()});
  plain.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(plain.done);
  plain.connection.reset();
  CHECK(plain.sent.reset);
}

TEST_CASE("A client that is gone when its response is written ends its connection") {
  Plain plain;
  auto client = plain.link.open(End::client);
  plain.link.inject(End::client, bytes_of(kGet));
  client.reset();
  plain.turn();
  CHECK(plain.done);
  REQUIRE(plain.bench.observer.entries.size() == 1);
  CHECK(plain.bench.observer.entries[0].aborted == AbortReason::peer_gone);
}

TEST_CASE("A drain ends an idle connection at once, and not one that is busy") {
  Plain idle, busy;
  busy.answer_with({BodyStep::blocked()});
  for (Plain* plain : {&idle, &busy}) {
    plain->send(kGet);
    plain->connection->drain();
    plain->turn();
    CHECK(plain->sent.fin == (plain == &idle));
  }
}

TEST_CASE("A client that reads nothing stops the body, and is dropped at the write timeout") {
  Plain plain;
  plain.sent.capacity = 1000;
  BodyProbe probe;
  plain.answer_with(std::vector(100, BodyStep::data(std::string(60000, 'x'))), 6000000, &probe);
  // No turn of the link: what was written stays on its way.
  plain.link.inject(End::client, bytes_of(kGet));
  plain.link.deliver_anyway(End::server);
  plain.link.pump();
  plain.flush();
  CHECK(probe.pulled_bytes <= plain.bench.limits.output_high + kMaxPull);
  CHECK(plain.bench.pool.outstanding() <= 2 * plain.bench.limits.output_high);
  plain.advance(plain.bench.exchange_timeouts.write_progress);
  plain.flush();
  CHECK(probe.alive == 0);
}

TEST_CASE("An HTTP/2 peer that breaks the protocol and reads nothing is dropped in bounded time") {
  Plain plain;
  plain.sent.capacity = 0;
  plain.send(kPreface);
  plain.send("this is no frame of HTTP/2 at all");
  for (int seconds = 0; seconds < 120 && !plain.done; ++seconds)
    plain.pass(std::chrono::seconds(1));
  CHECK(plain.done);
}

TEST_CASE("A connection that ends in the turn that used up its budget is not flushed again") {
  const auto serve = [](Plain& plain, std::size_t size) {
    plain.sent.capacity = 4U << 20U;
    plain.answer_with({BodyStep::data(pattern(size))}, size);
    plain.link.inject(End::client, bytes_of(kGet));
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

TEST_CASE("A peer that reads steadily gets its last bytes, unless it is below the least rate") {
  struct Row {
    std::uint32_t least;
    Duration time;  // for 1,000 bytes
    bool whole;
  };
  const Duration at_rate = Duration(std::chrono::seconds(1000)) / 240;
  for (const Row& row : {Row{240, at_rate * 98 / 100, true}, Row{240, at_rate * 102 / 100, false},
                         Row{0, std::chrono::seconds(59), true}}) {
    CAPTURE(row.least);
    constexpr std::size_t kSize = 1'000'000;
    Plain plain({.least_rate = row.least});
    plain.sent.capacity = 1000;
    plain.answer_with({BodyStep::data(pattern(kSize))}, kSize);
    const Reader reader(plain.link);
    plain.link.inject(End::client, bytes_of("GET / HTTP/1.0\r\n\r\n"));
    for (int i = 0; i < 1100 && !plain.sent.fin && !plain.done; ++i) {
      plain.link.pump();
      plain.flush();
      plain.advance(row.time);
    }
    CHECK(plain.received.ends_with(pattern(kSize)) == row.whole);
    CHECK(plain.received.size() > kSize / 2);
    CHECK(plain.sent.fin == row.whole);
  }
}

TEST_CASE("Answers without a body that nobody reads are no way to hold a connection") {
  Plain plain;
  plain.sent.capacity = 100;
  std::string heads;
  for (int i = 0; i < 40; ++i) heads += "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  plain.link.inject(End::client, bytes_of(heads));
  plain.link.deliver_anyway(End::server);
  plain.link.pump();
  plain.sent.capacity = 0;
  for (int seconds = 0; seconds < 120 && !plain.done; ++seconds) {
    plain.advance(std::chrono::seconds(1));
    plain.flush();
  }
  CHECK(plain.done);
}

TEST_CASE("Answers without a body have to be taken at the least rate as well") {
  std::string heads;
  for (int i = 0; i < 40; ++i) heads += "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::uint32_t least : {ExchangeTimeouts{}.least_rate, 0U}) {
    CAPTURE(least);
    Plain plain({.least_rate = least});
    plain.sent.capacity = 100;
    const Reader reader(plain.link);
    plain.link.inject(End::client, bytes_of(heads));
    for (int i = 0; i < 20 && !plain.done; ++i) {
      plain.link.pump();
      plain.flush();
      plain.advance(std::chrono::seconds(59));
    }
    CHECK(plain.done == (least > 0));
  }
}

TEST_CASE("An idle connection gives way with a FIN, a busy one does not", "[places]") {
  Plain plain;
  const auto admits = [&] { return plain.places.admit(Address::v4(0xc0000201, 1)); };
  plain.send(kGet);
  CHECK(plain.received.ends_with("hello"));
  // The other three places are taken by others who do something.
  struct Busy final : Occupant {
    explicit Busy(Places& all) : place(all, Address::v4(0xc0000202, 1), *this) {
      place.set(Use::active);
    }
    void give_way() noexcept override { FAIL_CHECK("a busy one gave way"); }
    Place place;
  } busy[] = {Busy(plain.places), Busy(plain.places), Busy(plain.places)};

  plain.send("GET / HTT");
  CHECK(!admits());
  plain.send("P/1.1\r\nHost: a\r\n\r\n");
  CHECK(!plain.done);
  CHECK(admits());
  CHECK(plain.done);
  CHECK(plain.sent.fin);
  CHECK(plain.places.taken() == 3);
}
