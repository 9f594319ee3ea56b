#include "quic_world.h"

namespace troika::test {
namespace {

constexpr std::size_t kMebibyte = 1U << 20U;
const std::string kAskMebibyte = "send 1048576";

TEST_CASE("Each congestion control brings a mebibyte over a bad link, at a pace of its own") {
  std::vector<Duration> times;
  for (const auto congestion :
       {quic::Congestion::cubic, quic::Congestion::bbr, quic::Congestion::reno}) {
    QuicWorld w(5, endpoint_config([&](auto& config) { config.congestion = congestion; }));
    ClientSide& client = w.connect({.jitter = 5ms, .loss = 0.05, .reorder = 0.1, .duplicate = 0.1});
    const TimePoint start = w.world.clock.now();
    REQUIRE(w.download(client, kMebibyte, 300s));
    times.push_back(w.world.clock.now() - start);
  }
  CHECK(times[0] != times[1]);
  CHECK(times[0] != times[2]);
  CHECK(times[1] != times[2]);
}

TEST_CASE("A client says how large the server's datagrams may be") {
  const auto largest = [](std::size_t datagram_bytes) {
    QuicWorld w;
    w.client_config.datagram_bytes = datagram_bytes;
    ClientSide& client = w.connect_and_establish();
    REQUIRE(w.download(client, kMebibyte));
    std::size_t most = 0;
    for (const auto& sent : w.world.net.log()) {
      if (sent.from == w.port.address()) most = std::max(most, sent.bytes);
    }
    return most;
  };
  CHECK(largest(0) > 1400);  // as the path allows
  CHECK(largest(1400) <= 1400);
  CHECK(largest(1400) > 1200);
  CHECK(largest(1200) == 1200);
}

TEST_CASE("A client acknowledges at once when it has as many packets as it is told to wait for") {
  // What the server has received beside the request when acknowledgements sent at once have come.
  const auto acknowledged = [](std::size_t every, std::size_t packets) {
    QuicWorld w;
    w.client_config.ack_every = every;
    ClientSide& client = w.connect_and_settle();
    const auto before = w.endpoint->counters().datagrams_in;
    client.app().ask("send " + std::to_string(packets * 1200));
    REQUIRE(w.run_until([&] { return client.app().answered(1); }));
    w.world.run_for(12ms);
    return w.endpoint->counters().datagrams_in - before > 1;
  };
  CHECK(acknowledged(2, 2));
  CHECK(acknowledged(2, 5));
  CHECK_FALSE(acknowledged(25, 5));
  CHECK_FALSE(acknowledged(6, 5));
  CHECK(acknowledged(5, 5));
}

TEST_CASE("A mebibyte of upload arrives and comes back") {
  QuicWorld w(2);
  ClientSide& client = w.connect({.loss = 0.01});
  REQUIRE(w.ask(client, pattern(kMebibyte), 300s));
  CHECK(client.app().answer().bytes == pattern(kMebibyte));
}

TEST_CASE("The same seed gives the same packets at the same times") {
  const auto run = [](std::uint64_t seed) {
    QuicWorld w(seed);
    ClientSide& client = w.connect({.jitter = 3ms, .loss = 0.05, .reorder = 0.05});
    REQUIRE(w.ask(client, "send 300000", 300s));
    client.quic->close(0x100, w.world.clock.now());
    w.world.run_for(5s);
    return w.world.net.log();
  };
  const auto first = run(7);
  CHECK(first.size() > 250);
  CHECK(first == run(7));
  CHECK(first != run(8));
}

TEST_CASE("A hundred streams at once all get their answers") {
  QuicWorld w(3);
  ClientSide& client = w.connect({.loss = 0.02});
  for (std::size_t i = 0; i < 100; ++i) client.app().ask("send " + std::to_string(1000 + i));
  REQUIRE(w.run_until([&] { return client.app().answered(100); }, 120s));
  for (std::size_t i = 0; i < 100; ++i) CHECK(client.app().answer(i).bytes == pattern(1000 + i));
}

TEST_CASE("Streams above the limit wait until the server grants more") {
  QuicWorld w(1, endpoint_config([](auto& config) { config.streams_bidi = 2; }));
  ClientSide& client = w.connect_and_establish();
  for (int i = 0; i < 3; ++i) client.app().ask("x");
  w.world.run_for(1ms);
  CHECK(client.app().asked.size() == 2);
  REQUIRE(w.run_until([&] { return client.app().answered(3); }));
  CHECK(client.app().streams_available > 0);
}

TEST_CASE("A reader that grants no credit holds the sender at the window") {
  QuicWorld w;
  w.client_config.stream_window = 10000;
  ClientSide& client = w.connect();
  client.app().grant_credit = false;
  client.app().ask("send 50000");
  w.world.run_for(2s);
  CHECK(client.app().answer().bytes.size() == 10000);
  CHECK(w.server_app().blocks > 0);
  client.app().grant_credit = true;
  client.app().quic.extend_credit(client.app().asked[0], 10000);
  REQUIRE(w.run_until([&] { return client.app().answered(1); }));
  CHECK(client.app().answer().bytes == pattern(50000));
}

TEST_CASE("The connection's window holds all streams together") {
  QuicWorld w;
  w.client_config.connection_window = 20000;
  ClientSide& client = w.connect();
  client.app().grant_credit = false;
  for (int i = 0; i < 3; ++i) client.app().ask("send 15000");
  w.world.run_for(2s);
  const auto total = [&] {
    std::size_t bytes = 0;
    for (const auto& [id, in] : client.app().in) bytes += in.bytes.size();
    return bytes;
  };
  CHECK(total() == 2 * 20000);  // as announced
  client.app().quic.extend_connection_credit(25000);
  REQUIRE(w.run_until([&] { return client.app().answered(3); }));
  CHECK(total() == 45000);
}

TEST_CASE("A reset stream tells the reader, and the other streams go on") {
  QuicWorld w;
  w.client_config.stream_window = 1000;
  ClientSide& client = w.connect();
  client.app().grant_credit = false;
  client.app().ask("send 5000");
  w.world.run_for(1s);
  w.server_app().quic.shutdown_write(client.app().asked[0], 0x10c);
  REQUIRE(w.run_until([&] { return client.app().answer().reset.has_value(); }));
  CHECK(client.app().answer().reset == AppError{0x10c});
  client.app().grant_credit = true;
  client.app().ask("still there");
  REQUIRE(w.run_until([&] { return client.app().answer(1).fin; }));
}

TEST_CASE("A sender learns from its next write that the reader has stopped") {
  QuicWorld w;
  ClientSide& client = w.connect();
  client.app().ask("send 10000000");
  REQUIRE(w.run_until([&] { return client.app().in[0].bytes.size() > 200000; }));
  client.app().quic.shutdown_read(client.app().asked[0], 0x10c);
  REQUIRE(w.run_until([&] { return w.server_app().in[0].closed; }));
  CHECK(w.server_app().shuts == 1);
  CHECK(w.server_app().in[0].closed_code == AppError{0x10c});
  CHECK(client.app().in[0].bytes.size() < 5000000);
}

TEST_CASE("A reader that stops closes the stream at the sender with its code") {
  QuicWorld w;
  w.client_config.stream_window = 1000;
  ClientSide& client = w.connect();
  client.app().grant_credit = false;
  client.app().ask("send 5000");
  w.world.run_for(1s);
  client.app().quic.shutdown_read(client.app().asked[0], 0x10c);
  REQUIRE(w.run_until([&] { return w.server_app().in[0].closed; }));
  CHECK(w.server_app().in[0].closed_code == AppError{0x10c});
}

TEST_CASE("Closed unidirectional streams of the peer are replenished") {
  QuicWorld w;
  w.traits.uni_streams = 2;
  w.start(endpoint_config());
  ClientSide& client = w.connect_and_establish();
  for (int i = 0; i < 5; ++i) {
    Result<StreamId> stream = quic::kNoStream;
    REQUIRE(w.run_until([&] {
      stream = client.app().quic.open_uni();
      return stream.has_value();
    }));
    client.app().write(*stream, "one way", true);
    REQUIRE(w.run_until([&] { return w.server_app().in[*stream].closed; }));
  }
}

std::size_t largest_to(QuicWorld& w, const ClientSide& client, std::size_t from = 0) {
  std::size_t bytes = 0;
  for (const sim::Sent& each : std::span(w.world.net.log()).subspan(from)) {
    if (each.to == client.port->address() && each.arrived()) bytes = std::max(bytes, each.bytes);
  }
  return bytes;
}

TEST_CASE("Streams that a client does not read hold up no other within the connection's window") {
  constexpr std::size_t kWindow = 100'000, kUnread = 10;
  QuicWorld w(4);
  w.client_config.stream_window = kWindow;
  w.client_config.connection_window = (kUnread + 1) * kWindow;
  ClientSide& client = w.connect();
  client.app().grant_credit = false;
  for (std::size_t i = 0; i < kUnread; ++i) client.app().ask(kAskMebibyte);
  REQUIRE(w.run_until([&] {
    const auto full = [](const auto& each) { return each.second.bytes.size() == kWindow; };
    return std::ranges::count_if(client.app().in, full) == std::ptrdiff_t{kUnread};
  }));
  client.app().grant_credit = true;
  client.app().ask(kAskMebibyte);
  REQUIRE(w.run_until(
      [&] { return client.app().asked.size() > kUnread && client.app().answer(kUnread).fin; }));
  CHECK(client.app().answer(kUnread).bytes == pattern(kMebibyte));
}

TEST_CASE("Path MTU discovery finds larger packets, and goes back when the MTU shrinks") {
  QuicWorld w(4);
  ClientSide& client = w.connect();
  REQUIRE(w.ask(client, kAskMebibyte));
  CHECK(largest_to(w, client) == 1444);
  w.to_client(client).mtu = w.to_server(client).mtu = 1300;
  const std::size_t before = w.world.net.log().size();
  REQUIRE(w.download(client, kMebibyte));
  CHECK(largest_to(w, client, before) <= 1300);
}

TEST_CASE("A black hole of five seconds delays a transfer and no more") {
  QuicWorld w(6);
  ClientSide& client = w.connect();
  client.app().ask(kAskMebibyte);
  REQUIRE(w.run_until([&] { return client.app().in[0].bytes.size() > 100000; }));
  w.to_client(client).black_hole = w.to_server(client).black_hole = true;
  w.world.run_for(5s);
  CHECK_FALSE(client.app().answered(1));
  w.to_client(client).black_hole = w.to_server(client).black_hole = false;
  REQUIRE(w.run_until([&] { return client.app().answered(1); }));
  CHECK(client.app().answer().bytes == pattern(kMebibyte));
}

TEST_CASE("Bursts leave in large sends") {
  QuicWorld w(4);
  ClientSide& client = w.connect();
  REQUIRE(w.ask(client, kAskMebibyte));
  CHECK(w.port.most_segments >= 10);
  CHECK(w.port.most_segments <= 64);
  const auto& counters = w.endpoint->counters();
  CHECK(counters.packets_out == w.sent_by_server());
  CHECK(counters.sends < counters.packets_out / 2);
}

TEST_CASE("An application is told once of a burst, and once of what a datagram acknowledges") {
  QuicWorld w(4);
  ClientSide& client = w.connect();
  REQUIRE(w.ask(client, kAskMebibyte));
  const ScriptApp& app = w.server_app();
  const auto& counters = w.endpoint->counters();
  CAPTURE(app.told_written, counters.sends, app.told_acked, counters.datagrams_in);
  CHECK(app.told_written <= counters.sends);
  CHECK(app.told_acked <= counters.datagrams_in);
}

// Sending takes time, as it does on a real socket, so that pacing always lets the next burst go.
struct SlowSink final : DatagramSink {
  SlowSink(DatagramSink& real, sim::SimClock& time) : to(real), clock(time) {}
  SendOutcome send(const Datagram& datagram) override {
    const SendOutcome outcome = to.send(datagram);
    if (outcome != SendOutcome::sent) return outcome;
    clock.advance_to(clock.now() + 10ms);
    sent.push_back({datagram.remote, datagram.bytes.size()});
    return outcome;
  }
  std::size_t bytes_to(const Address& remote) const {
    std::size_t bytes = 0;
    for (const auto& [to_whom, size] : sent) bytes += to_whom == remote ? size : 0;
    return bytes;
  }
  DatagramSink& to;
  sim::SimClock& clock;
  std::vector<std::pair<Address, std::size_t>> sent;
};

TEST_CASE("A connection sends bursts until its budget of a turn is used, and then others do") {
  constexpr std::size_t kBudget = quic::ConnectionBase::kTurnBytes;
  QuicWorld w(6);
  SlowSink sink(w.port, w.world.clock);
  w.client_config.stream_window = w.client_config.connection_window = 16 * kMebibyte;
  w.start(endpoint_config(), server_tls(), &sink);
  ClientSide& busy = w.connect_and_establish();
  for (int i = 0; i < 4; ++i) REQUIRE(w.download(busy, 2 * kMebibyte));  // the window opens
  ClientSide& other = w.connect_and_establish();
  w.world.run_for(1s);

  // Both wait, the busy one before the other.
  w.port.blocked = true;
  for (ClientSide* const client : {&busy, &other}) {
    client->app().ask(client == &busy ? kAskMebibyte : "little");
    w.world.run_for(100ms);
  }
  w.port.blocked = false;
  w.endpoint->on_writable();
  w.server_app().quic.mark_writable();
  sink.sent.clear();
  CHECK(w.endpoint->flush(w.world.clock.now()));
  const std::size_t of_busy = sink.bytes_to(busy.port->address());
  CAPTURE(of_busy, sink.sent.size());
  REQUIRE(!sink.sent.empty());
  CHECK(sink.sent.front().first == busy.port->address());
  CHECK(of_busy >= kBudget);
  CHECK(of_busy < kBudget + quic::SendBuffer::kMostBytes);
  CHECK(sink.bytes_to(other.port->address()) > 0);
  for (ClientSide* const client : {&busy, &other}) {
    REQUIRE(w.run_until([&] { return client->app().answered(client->app().asked.size()); }));
  }
}

TEST_CASE("A sink that is blocked loses nothing and is not asked again until it says so") {
  QuicWorld w(4);
  ClientSide& client = w.connect();
  client.app().ask(kAskMebibyte);
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = client.app().in[0].bytes.size();
    REQUIRE(w.run_until([&] { return client.app().in[0].bytes.size() > before + 50000; }));
    w.port.blocked = true;
    w.port.refused = 0;
    w.world.run_for(20ms);
    CHECK(w.port.refused == 1);
    CHECK_FALSE(w.endpoint->flush(w.world.clock.now()));
    CHECK(w.port.refused == 1);
    w.world.unblock(w.port);
  }
  REQUIRE(w.run_until([&] { return client.app().answered(1); }));
  CHECK(client.app().answer().bytes == pattern(kMebibyte));
}

TEST_CASE("A client whose sink is blocked goes on where it was") {
  QuicWorld w(4);
  ClientSide& client = w.connect_and_establish();
  client.port->blocked = true;
  client.app().ask(pattern(100000));
  w.world.run_for(50ms);
  CHECK(client.port->refused == 1);
  w.world.unblock(*client.port);
  REQUIRE(w.run_until([&] { return client.app().answered(1); }));
  CHECK(client.app().answer().bytes == pattern(100000));
}

TEST_CASE("The application's deadline wakes its connection") {
  QuicWorld w;
  w.connect_and_settle();
  const TimePoint wake = w.world.clock.now() + 3s;
  w.server_app().wake = wake;
  w.server_app().quic.mark_writable();
  w.flush();
  REQUIRE(w.run_until([&] { return w.server_app().deadlines == 1; }));
  CHECK(w.world.clock.now() == wake);
}

}  // namespace
}  // namespace troika::test
