#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::TransportKind;

namespace {

using Names = std::vector<std::string>;

struct Client {
  TransportKind kind;
  Names offers;
  std::string gets{};
};

}  // namespace

TEST_CASE(
    "the server's first protocol that a client offers is chosen, whatever the client's order") {
  for (const Client& each : {Client{TransportKind::tcp, {"h2", "http/1.1"}, "h2"},
                             {TransportKind::tcp, {"http/1.1", "h2"}, "h2"},
                             {TransportKind::tcp, {"http/1.1"}, "http/1.1"},
                             {TransportKind::tcp, {"spdy/3", "http/1.1", "h3"}, "http/1.1"},
                             {TransportKind::tcp, {}, ""},
                             {TransportKind::quic, {"h3"}, "h3"},
                             {TransportKind::quic, {"h2", "h3"}, "h3"}}) {
    CAPTURE(each.kind, each.offers);
    TlsPair pair(*server_context(each.kind), client_context(each.offers)->new_ssl("localhost"));
    CHECK(pair.shake_hands());
    CHECK(pair.server.security().alpn == each.gets);
    CHECK(pair.client.security().alpn == each.gets);
  }
}

TEST_CASE("a client with foreign protocols only, and over QUIC with none, gets an alert") {
  for (const Client& each : {Client{TransportKind::tcp, {"h3"}},
                             {TransportKind::tcp, {"h2c"}},
                             {TransportKind::tcp, {"h"}},
                             {TransportKind::tcp, {"http/1.0", "ftp"}},
                             {TransportKind::tcp, {"H2"}},
                             {TransportKind::quic, {"h2", "http/1.1"}},
                             {TransportKind::quic, {}}}) {
    CAPTURE(each.kind, each.offers);
    TlsPair pair(*server_context(each.kind), client_context(each.offers)->new_ssl("localhost"));
    CHECK_FALSE(pair.shake_hands());
    REQUIRE(pair.server.closed);
    CHECK(pair.server.closed->code == ErrorCode::protocol);
    CHECK(pair.server.closed->detail == "no ALPN protocol in common");
    REQUIRE(pair.client.closed);
    CHECK(pair.client.closed->detail.contains("no application protocol"));
  }
}
