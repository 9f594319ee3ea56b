#include "tls/ossl.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Outcome {
  bool ready;
  std::string alpn;
  std::string_view server_fault;
};

Outcome shake_hands(tls::TransportKind kind, std::vector<std::string> offered) {
  const auto server = server_context(kind);
  const auto client = client_context(std::move(offered));
  TlsPair pair(*server, client->new_ssl("localhost"));
  const bool ready = pair.shake_hands();
  CHECK(pair.client.transport->security().alpn == pair.server.transport->security().alpn);
  return {ready, pair.server.transport->security().alpn,
          pair.server.closed ? pair.server.closed->detail : std::string_view()};
}

}  // namespace

TEST_CASE("over TCP the server prefers h2 to http/1.1, whatever the client's order") {
  CHECK(shake_hands(tls::TransportKind::tcp, {"h2", "http/1.1"}).alpn == "h2");
  CHECK(shake_hands(tls::TransportKind::tcp, {"http/1.1", "h2"}).alpn == "h2");
  CHECK(shake_hands(tls::TransportKind::tcp, {"http/1.1"}).alpn == "http/1.1");
  CHECK(shake_hands(tls::TransportKind::tcp, {"spdy/3", "http/1.1", "h3"}).alpn == "http/1.1");
}

TEST_CASE("over TCP a client without ALPN is served without") {
  const Outcome outcome = shake_hands(tls::TransportKind::tcp, {});
  CHECK(outcome.ready);
  CHECK(outcome.alpn.empty());
}

TEST_CASE("a client with foreign protocols only gets the alert no_application_protocol") {
  for (const std::vector<std::string>& offered :
       {std::vector<std::string>{"h3"}, {"h2c"}, {"h"}, {"http/1.0", "ftp"}, {"H2"}}) {
    const auto server = server_context();
    const auto client = client_context(offered);
    TlsPair pair(*server, client->new_ssl("localhost"));
    CHECK_FALSE(pair.shake_hands());
    REQUIRE(pair.server.closed);
    CHECK(pair.server.closed->code == ErrorCode::protocol);
    CHECK(pair.server.closed->detail == "no ALPN protocol in common");
    REQUIRE(pair.client.closed);
    CHECK(pair.client.closed->detail.contains("no application protocol"));
  }
}

TEST_CASE("for QUIC only h3 is chosen, and no ALPN at all is refused") {
  CHECK(shake_hands(tls::TransportKind::quic, {"h3"}).alpn == "h3");
  CHECK(shake_hands(tls::TransportKind::quic, {"h2", "h3"}).alpn == "h3");
  CHECK(shake_hands(tls::TransportKind::quic, {"h2", "http/1.1"}).server_fault ==
        "no ALPN protocol in common");
  CHECK(shake_hands(tls::TransportKind::quic, {}).server_fault == "no ALPN protocol in common");
}
