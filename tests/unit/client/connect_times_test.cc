// How long a client waits for TCP and for TLS, and what it says when that was too long.
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "client/client.h"
#include "client/connections.h"
#include "support/session_harness.h"
#include "tls/context/client_context.h"
#include "tls/transport/tls_transport.h"
#include "unit/client/raw_server.h"

using namespace troika;
using namespace troika::test;

namespace {

using std::chrono::seconds;

// A server that says nothing, and when TCP has connected to it the test says.
struct SilentStream final : ByteStream {
  void start(Observer& o) override { observer = &o; }
  bool connected() const noexcept override { return is_connected; }
  void set_reading(bool) override {}
  Result<std::size_t> write_some(std::span<const iovec> bytes) override {
    std::size_t size = 0;
    for (const iovec& part : bytes) size += part.iov_len;
    written += size;
    return size;
  }
  void shutdown_write() override {}
  void reset() override {}
  const Address& local() const noexcept override { return address; }
  const Address& remote() const noexcept override { return address; }
  void connect() {
    is_connected = true;
    observer->on_connected();
  }

  Observer* observer = nullptr;
  Address address;
  std::size_t written = 0;
  bool is_connected = false;
};

struct Rig {
  explicit Rig(bool tls, const client::ConnectTimes& times = {}) {
    auto made = std::make_unique<SilentStream>();
    stream = made.get();
    std::unique_ptr<Transport> transport;
    if (tls) {
      transport = tls::make_tls_transport(std::move(made), context->new_ssl("localhost"), scratch);
    } else {
      transport = std::make_unique<PlainTransport>(std::move(made));
    }
    connection.emplace(std::move(transport), nullptr, false, services, timers, times);
  }
  // It is closed at `time`, and not before.
  bool closes_at(Duration time) {
    pass(time - Duration(1));
    if (connection->closed()) return false;
    pass(Duration(1));
    return connection->closed() && connection->close_reason().code == ErrorCode::timeout;
  }
  void pass(Duration time) {
    clock.advance(time);
    timers.advance_to(clock.now());
    connection->flush(clock.now());
  }
  std::string_view why() const { return connection->close_reason().detail; }

  static inline const auto context =
      tls::ClientContext::make(tls::TransportKind::tcp, {.alpn = {"h2"}, .verify = false}).value();
  BufferPool pool;
  SimClock clock;
  TimerQueue timers;
  Limits limits;
  SeededRandom random{1};
  CallServices services{pool, clock, limits, random};
  tls::RecordScratch scratch{clock};
  SilentStream* stream;
  std::optional<client::TcpConnection> connection;
};

}  // namespace

TEST_CASE("Connecting that takes too long fails as that") {
  for (const bool tls : {false, true}) {
    Rig rig(tls);
    CHECK(!rig.connection->ready());
    CHECK(rig.closes_at(seconds(5)));
    CHECK(rig.why() == "connecting took too long");
    CHECK(rig.connection->step() == CallStep::connect);
    rig.stream->connect();  // too late: nothing begins
    CHECK(rig.stream->written == 0);
    CHECK(!rig.connection->ready());
  }
}

TEST_CASE("A TLS handshake that takes too long fails as that, by its own time or that of both") {
  Rig own(true, {.connect = seconds(5), .tls = seconds(2)}), both(true);
  own.pass(seconds(1));
  own.stream->connect();
  CHECK(own.stream->written > 0);
  CHECK(own.closes_at(seconds(2)));
  both.pass(seconds(4));
  both.stream->connect();
  CHECK(both.closes_at(seconds(1)));
  for (const Rig* rig : {&own, &both}) {
    CHECK(rig->why() == "the handshake took too long");
    CHECK(rig->connection->step() == CallStep::handshake);
  }
}

TEST_CASE("A connection without TLS is ready when TCP has connected, and ends when it is idle") {
  Rig rig(false);
  rig.pass(seconds(5) - Duration(1));
  rig.stream->connect();
  CHECK(rig.connection->ready());
  rig.pass(ClientTimes{}.idle - Duration(1));
  CHECK(rig.connection->ready());
  rig.pass(Duration(1));
  CHECK(rig.connection->closed());
}

namespace {

std::string_view outcome(client::Protocol protocol, const RawServer& server) {
  constexpr Duration kShort = std::chrono::milliseconds(50);
  auto client =
      client::Client::make({.times = {.connect = kShort, .tls = kShort}, .verify = false}).value();
  client::Connection& made = *client->connect(protocol, server.address(), "localhost").value();
  CHECK(client->run_until([&] { return made.ready() || made.closed(); }, seconds(20)));
  return made.closed() ? made.close_reason().detail : "ready";
}

}  // namespace

TEST_CASE("A server that accepts and says nothing, and one whose backlog is full") {
  const RawServer silent;
  CHECK(outcome(client::Protocol::h2, silent) == "the handshake took too long");
  RawServer full(0);
  std::vector<Fd> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(make_socket(SocketKind::tcp, full.address()).value());
    std::ignore = ::connect(waiting.back().get(), full.address().get(), full.address().size());
  }
  CHECK(outcome(client::Protocol::h2, full) == "connecting took too long");
}
