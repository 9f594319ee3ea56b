// Handshakes that fail, as the operator of the server hears of them.
#include <catch2/catch_test_macros.hpp>

#include "sim/tcp_world.h"
#include "support/cert_maker.h"
#include "support/live_server.h"
#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"

namespace troika::test {
namespace {

using sim::TcpWorld;
using Failures = std::vector<std::string>;

std::unique_ptr<tls::ClientContext> client_of(const std::string& ca_file,
                                              std::vector<std::string> alpn = {"h2"}) {
  return must(tls::ClientContext::make(
      tls::TransportKind::tcp,
      {.ca_file = ca_file, .alpn = std::move(alpn), .verify = !ca_file.empty()}));
}

struct Server {
  std::unique_ptr<tls::ServerContext> make(tls::ClientAuth auth) const {
    return must(tls::ServerContext::make(
        tls::TransportKind::tcp,
        {.cert_file = test_certificate().cert_file,
         .key_file = test_certificate().key_file,
         .client_auth = auth,
         .client_ca_file = auth == tls::ClientAuth::none ? "" : file("ca.pem"),
         .alpn = {"h2", "http/1.1"}}));
  }
  std::string file(const std::string& name) const { return folder.path() / name; }

  Server() { put_file(file("ca.pem"), ca.pem()); }
  TemporaryFolder folder;
  TestCa ca;
};

// What the operator hears of a handshake.
Failures failures_of(const tls::ServerContext& server, tls::SslPtr ssl) {
  TcpWorld world;
  const TcpWorld::Visit& visit = world.visit(server, std::move(ssl));
  world.run_until([&] { return visit.connection->closed() || visit.connection->ready(); });
  world.run_for(std::chrono::seconds(11));
  return world.failures;
}

}  // namespace

TEST_CASE("A handshake that succeeds is no news") {
  const auto server = Server().make(tls::ClientAuth::none);
  CHECK(failures_of(*server, client_of(test_certificate().ca_file)->new_ssl("localhost")).empty());
}

TEST_CASE("What the sides have not in common is named") {
  const auto server = Server().make(tls::ClientAuth::none);
  const auto client = client_of("");
  const auto failure = [&](void (*change)(SSL*)) {
    tls::SslPtr ssl = client->new_ssl("localhost");
    change(ssl.get());
    return failures_of(*server, std::move(ssl));
  };
  CHECK(failure([](SSL* ssl) {
          SSL_set_security_level(ssl, 0);
          SSL_set_cipher_list(ssl, "ALL:@SECLEVEL=0");
          SSL_set_min_proto_version(ssl, TLS1_VERSION);
          SSL_set_max_proto_version(ssl, TLS1_1_VERSION);
        }) == Failures{"no TLS version in common"});
  CHECK(failure([](SSL* ssl) {
          SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
          SSL_set_cipher_list(ssl, "AES128-SHA");
        }) == Failures{"no cipher in common"});
  CHECK(failure([](SSL* ssl) { SSL_set1_groups_list(ssl, "P-521"); }) ==
        Failures{"no group for the key exchange in common"});
  CHECK(failure([](SSL* ssl) { SSL_set1_sigalgs_list(ssl, "rsa_pss_rsae_sha256"); }) ==
        Failures{"no signature algorithm in common with a key of this server"});
  CHECK(failures_of(*server, client_of("", {"foo"})->new_ssl("localhost")) ==
        Failures{"no ALPN protocol in common"});
}

TEST_CASE("A client that does not trust the server says why") {
  const Server files;
  const auto server = files.make(tls::ClientAuth::none);
  CHECK(failures_of(*server, client_of(files.file("ca.pem"))->new_ssl("localhost")) ==
        Failures{"the client does not know the CA of the certificate (alert unknown_ca)"});
  CHECK(failures_of(*server, client_of(test_certificate().ca_file)->new_ssl("other.example")) ==
        Failures{"the client refuses the certificate (alert bad_certificate)"});
}

TEST_CASE("A client without a good certificate of its own is refused, and it is said why") {
  const Server files;
  const auto server = files.make(tls::ClientAuth::required);
  CHECK(failures_of(*server, client_of("")->new_ssl("localhost")) ==
        Failures{"the client did not present the required certificate"});
  const auto shown = [&](const PemPair& pem) {
    put_file(files.file("client.pem"), pem.cert);
    put_file(files.file("client.key"), pem.key);
    const auto client = must(
        tls::ClientContext::make(tls::TransportKind::tcp, {.alpn = {"h2"},
                                                           .cert_file = files.file("client.pem"),
                                                           .key_file = files.file("client.key"),
                                                           .verify = false}));
    return failures_of(*server, client->new_ssl("localhost"));
  };
  const CertSpec spec{.names = "", .usage = "clientAuth"};
  CHECK(shown(files.ca.make(spec)).empty());
  CHECK(shown(TestCa("Stranger").make(spec)) ==
        Failures{"the client's certificate is not from a CA in --client-ca"});
  CHECK(shown(files.ca.make({.names = "", .usage = "clientAuth", .until = -60})) ==
        Failures{"the client's certificate has expired"});
  CHECK(shown(files.ca.make({.names = "", .usage = "serverAuth"})) ==
        Failures{"the client's certificate is not for clients"});
}

TEST_CASE(
    "A client that goes silent or leaves in the middle is told of, one without a word is not") {
  const auto server = Server().make(tls::ClientAuth::none);
  TcpWorld world;
  TcpWorld::Visit& first = world.visit(*server, client_of("")->new_ssl("localhost"));
  world.run_until([&] { return !first.link.written_by(sim::End::client).empty(); });
  const std::string hello = first.link.written_by(sim::End::client);
  world.run_until([&] { return first.connection->ready(); });
  REQUIRE(world.failures.empty());

  world.replay(*server, hello.substr(0, hello.size() / 2));
  world.replay(*server, hello);
  world.replay(*server, "");
  world.run_for(world.timeouts.handshake - Duration(1));
  CHECK(world.failures.empty());
  world.run_for(Duration(1));
  CHECK(world.failures == Failures(2, "the handshake took too long"));

  world.failures.clear();
  world.replay(*server, hello).link.inject_fin();
  world.replay(*server, "").link.inject_fin();
  world.run_for(std::chrono::seconds(1));
  CHECK(world.failures == Failures{"left during the TLS handshake"});
}

}  // namespace troika::test
