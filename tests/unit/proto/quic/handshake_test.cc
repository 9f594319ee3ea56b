#include "packets.h"
#include "support/test_cert.h"

namespace troika::test {
namespace {

TEST_CASE("A client and the endpoint complete a handshake and know what was agreed on") {
  QuicWorld w;
  ClientSide& client = w.connect_and_establish();
  REQUIRE(w.run_until([&] { return w.log.handshakes == 1; }));
  CHECK(w.endpoint->connections() == 1);
  CHECK(w.endpoint->counters().accepted == 1);
  CHECK(w.endpoint->counters().handshakes == 1);
  CHECK(client.log.ready == 1);
  CHECK(w.log.ready == 1);

  const SecurityInfo& security = w.server_app().quic.security();
  CHECK(security.alpn == "h3");
  CHECK(security.server_name == "localhost");
  CHECK(security.version == "TLSv1.3");
  CHECK(security.group == "X25519MLKEM768");
  CHECK(client.app().quic.security().alpn == "h3");
  CHECK(w.server_app().quic.remote() == client.port->address());
  CHECK(w.server_app().quic.local() == w.port.address());
}

TEST_CASE("A request is echoed, and its stream is closed on both sides") {
  QuicWorld w;
  ClientSide& client = w.connect();
  client.app().ask("hello over QUIC");
  REQUIRE(w.run_until([&] { return client.app().answered(1) && client.app().answer().closed; }));
  CHECK(client.app().answer().bytes == "hello over QUIC");
  CHECK_FALSE(client.app().answer().closed_code.has_value());
  REQUIRE(w.run_until([&] { return w.server_app().in[0].closed; }));
  CHECK(w.server_app().acked_bytes == 15);
}

TEST_CASE("Fifty handshakes of fifty succeed at 30 % loss both ways") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    QuicWorld w(seed);
    w.client_config.handshake_timeout = 60s;
    ClientSide& client = w.connect({.loss = 0.3});
    INFO("seed " << seed);
    REQUIRE(w.establish(client, 120s));
  }
}

TEST_CASE("A server whose first flight is lost sends again after 600 ms") {
  QuicWorld w;
  ClientSide& client = w.connect();
  w.world.net.link(w.port.address(), client.port->address()).black_hole = true;
  w.world.run_for(899ms);
  std::vector<TimePoint> sent;
  for (const sim::Sent& each : w.world.net.log()) {
    if (each.from != w.port.address()) continue;
    if (sent.empty() || each.at != sent.back()) sent.push_back(each.at);
  }
  REQUIRE(sent.size() == 2);
  CHECK(sent[1] - sent[0] == 600ms);
  CHECK(within_limit(w));
}

TEST_CASE("A handshake over a link with an hour of delay completes") {
  QuicWorld w(3, endpoint_config([](auto& config) {
                config.handshake_timeout = config.idle_timeout = std::chrono::hours(100);
              }));
  w.client_config.handshake_timeout = w.client_config.idle_timeout = std::chrono::hours(100);
  ClientSide& client = w.connect({.delay = std::chrono::hours(1)});
  REQUIRE(w.establish(client, std::chrono::hours(50)));
}

TEST_CASE("Corrupted packets delay a handshake and a transfer but do not break them") {
  QuicWorld w(5);
  ClientSide& client = w.connect({.corrupt = 0.1});
  REQUIRE(w.download(client, 200000, 120s));
}

TEST_CASE("A handshake with a HelloRetryRequest completes") {
  const auto tls =
      tls::ClientContext::make(
          tls::TransportKind::quic,
          {.ca_file = TestCert::get().cert_file(), .alpn = {"h3"}, .groups = "*P-521:X25519"})
          .value();
  QuicWorld w;
  ClientSide& client = w.connect_and_establish({}, *tls);
  CHECK(client.app().quic.security().group == "x25519");
}

TEST_CASE("A client whose server never answers gives up after the handshake timeout") {
  QuicWorld w;
  ClientSide& client = w.connect({.black_hole = true});
  const TimePoint start = w.world.clock.now();
  CHECK_FALSE(w.establish(client, 60s));
  CHECK(client.quic->close_reason().code == ErrorCode::timeout);
  CHECK(w.world.clock.now() - start == 10s);
  CHECK(client.log.aborted == 1);
  CHECK(w.endpoint->counters().datagrams_in == 0);
}

}  // namespace
}  // namespace troika::test
