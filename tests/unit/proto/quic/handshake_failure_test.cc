// Handshakes that fail, as the endpoint tells of them.
#include <catch2/catch_test_macros.hpp>

#include "packets.h"
#include "support/cert_maker.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"

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
struct Watched {
  static quic::EndpointConfig config(Recorder& recorder) {
    quic::EndpointConfig config = endpoint_config();
    config.handshakes = &recorder;
    return config;
  }
  // Whatever ends, ends within this.
  const Failures& settle() {
    w.world.run_for(60s);
    CHECK(w.endpoint->objects() == 0);
    return recorder.failures;
  }

  Recorder recorder;
  QuicWorld w{1, config(recorder)};
};

Failures failure(const std::string& why) { return {"10.0.1.1 " + why}; }

}  // namespace

TEST_CASE("A handshake that succeeds, and one that its client gives up, are no failures") {
  Watched watched;
  ClientSide& client = watched.w.connect();
  REQUIRE(watched.w.establish(client));
  client.quic->close(0x100, watched.w.world.clock.now());
  ClientSide& other = watched.w.connect();
  REQUIRE(watched.w.run_until([&] { return watched.w.endpoint->counters().accepted == 2; }));
  other.quic->close(0x100, watched.w.world.clock.now());
  CHECK(watched.settle().empty());
}

TEST_CASE("An alert of ours is told with the reason that TLS has for it") {
  Watched watched;
  CHECK_FALSE(watched.w.establish(watched.w.connect({}, client_tls({"h2"}))));
  CHECK(watched.settle() == failure("no ALPN protocol in common"));
}

TEST_CASE("An alert of the client's is told in words") {
  Watched watched;
  watched.w.client_config.server_name = "elsewhere.example";
  CHECK_FALSE(watched.w.establish(watched.w.connect()));
  CHECK(watched.settle() == failure("the client refuses the certificate (alert bad_certificate)"));
}

TEST_CASE("A client without a certificate that it must have is told of") {
  const TestCa ca;
  const auto file = std::filesystem::temp_directory_path() /
                    ("troika-quic-ca-" + std::to_string(getpid()) + ".pem");
  put_file(file, ca.pem());
  const auto tls =
      tls::ServerContext::make(tls::TransportKind::quic, {.cert_file = TestCert::get().cert_file(),
                                                          .key_file = TestCert::get().key_file(),
                                                          .client_auth = tls::ClientAuth::required,
                                                          .client_ca_file = file,
                                                          .alpn = {"h3"}});
  std::filesystem::remove(file);
  REQUIRE(tls);
  Watched watched;
  watched.w.start(Watched::config(watched.recorder), **tls);
  watched.w.establish(watched.w.connect());
  CHECK(watched.settle() == failure("the client did not present the required certificate"));
  watched.w.endpoint.reset();
}

TEST_CASE("A client that is heard once and never again runs into the deadline") {
  Watched watched;
  ClientSide& client = watched.w.connect();
  REQUIRE(watched.w.run_until([&] { return watched.w.endpoint->counters().accepted == 1; }));
  watched.w.to_server(client).black_hole = true;
  watched.w.world.run_for(endpoint_config().handshake_timeout - 1s);
  CHECK(watched.recorder.failures.empty());
  CHECK(watched.settle() == failure("the handshake took too long"));
}

TEST_CASE("What is no first packet of a client's is no handshake that failed") {
  Watched watched;
  std::vector<std::byte> garbage(1200, std::byte{0x55});
  garbage[0] = std::byte{0xc3};  // an Initial of version 1, with ids of 8 and 0 bytes
  garbage[1] = garbage[2] = garbage[3] = std::byte{};
  garbage[4] = std::byte{1};
  garbage[5] = std::byte{8};
  garbage[14] = std::byte{};
  garbage[15] = std::byte{};  // no token
  watched.w.inject(garbage, watched.w.client_address(1));
  CHECK(watched.settle().empty());
}

}  // namespace troika::test
