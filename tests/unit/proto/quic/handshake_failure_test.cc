// Handshakes that fail, as the endpoint tells of them.
#include "packets.h"
#include "support/cert_maker.h"

namespace troika::test {
namespace {

using Failures = std::vector<std::string>;

struct Recorder final : quic::HandshakeObserver {
  void on_handshake_failed(const Address& client, std::string_view why) noexcept override {
    failures.push_back(client.ip() + " " + std::string(why));
  }
  Failures failures;
};

// A world whose endpoint tells the recorder; the client is 10.0.1.1.
struct Told {
  Recorder recorder;  // outlives the endpoint
};
struct Watched : Told, QuicWorld {
  Watched() : QuicWorld(1, config(recorder)) {}
  static quic::EndpointConfig config(Recorder& recorder) {
    return endpoint_config([&](auto& config) { config.handshakes = &recorder; });
  }
  // Whatever ends, ends within this.
  const Failures& settle() {
    world.run_for(60s);
    CHECK(endpoint->objects() == 0);
    return recorder.failures;
  }
};

Failures failure(const std::string& why) { return {"10.0.1.1 " + why}; }

}  // namespace

TEST_CASE("A handshake that succeeds, and one that its client gives up, are no failures") {
  Watched w;
  ClientSide& client = w.connect_and_establish();
  REQUIRE(w.close(client));
  ClientSide& other = w.connect();
  REQUIRE(w.run_until([&] { return w.endpoint->counters().accepted == 2; }));
  REQUIRE(w.close(other));
  CHECK(w.settle().empty());
}

TEST_CASE("An alert of ours is told with the reason that TLS has for it") {
  Watched w;
  ClientSide& client = w.connect({}, client_tls({"h2"}));
  CHECK_FALSE(w.establish(client));
  CHECK(w.settle() == failure("no ALPN protocol in common"));
  CHECK(client.quic->close_reason().code == ErrorCode::denied);
  CHECK(client.log.aborted == 1);
  CHECK(w.log.made == 0);
  CHECK(w.endpoint->counters().handshakes == 0);
}

TEST_CASE("An alert of the client's is told in words") {
  Watched w;
  w.client_config.server_name = "elsewhere.example";
  ClientSide& client = w.connect();
  CHECK_FALSE(w.establish(client));
  CHECK(w.settle() == failure("the client refuses the certificate (alert bad_certificate)"));
  CHECK(client.quic->close_reason().code == ErrorCode::denied);
}

TEST_CASE("A client without a certificate that it must have is told of") {
  const TestCa ca;
  const auto file = std::filesystem::temp_directory_path() /
                    ("troika-quic-ca-" + std::to_string(getpid()) + ".pem");
  put_file(file, ca.pem());
  const auto tls =
      make_server_tls({.client_auth = tls::ClientAuth::required, .client_ca_file = file});
  std::filesystem::remove(file);
  Watched w;
  w.start(w.config(w.recorder), *tls);
  w.establish(w.connect());
  CHECK(w.settle() == failure("the client did not present the required certificate"));
}

TEST_CASE("A client that is heard once and never again runs into the deadline") {
  Watched w;
  ClientSide& client = w.connect();
  REQUIRE(w.run_until([&] { return w.endpoint->counters().accepted == 1; }));
  w.to_server(client).black_hole = true;
  w.world.run_for(20s - 1ns);
  CHECK(w.endpoint->objects() == 1);
  CHECK(w.recorder.failures.empty());
  w.world.run_for(1ns);
  CHECK(w.endpoint->objects() == 0);
  CHECK(w.endpoint->counters().handshakes == 0);
  CHECK(w.settle() == failure("the handshake took too long"));
}

TEST_CASE("What is no first packet of a client's is no handshake that failed") {
  Watched w;
  Bytes garbage = long_header(kV1, Bytes(8, std::byte{0x55}), {}, 1200, std::byte{0xc3});
  std::fill(garbage.begin() + 16, garbage.end(), std::byte{0x55});  // without a token
  w.inject(garbage, w.client_address(1));
  CHECK(w.settle().empty());
}

}  // namespace troika::test
