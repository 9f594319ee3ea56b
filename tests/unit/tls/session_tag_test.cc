#include "tls/tickets/resumption.h"

#include "unit/tls/tls_pair.h"

namespace troika::test {
namespace {

using Tag = tls::SessionTag;

// A visit to a server of QUIC, without QUIC: what a ticket relies on is TLS's own affair.
struct Shop {
  std::unique_ptr<tls::ServerContext> server = server_context(tls::TransportKind::quic);
  std::unique_ptr<tls::ClientContext> client =
      tls::ClientContext::make(tls::TransportKind::quic, {.alpn = {"h3"}, .verify = false}).value();
  std::vector<std::byte> kept;

  // Whether it resumed by the ticket of the visit before.
  bool visit(Tag tag) {
    TlsPair pair(*server, client->new_ssl("localhost", kept));
    if (tag.negotiated_version != 0) REQUIRE(tls::set_session_tag(pair.server.ssl, tag));
    REQUIRE(pair.run());
    REQUIRE(pair.server.told("ready"));
    const auto ticket = tls::resumption_of(pair.client.ssl);
    kept.assign(ticket.begin(), ticket.end());
    REQUIRE_FALSE(kept.empty());
    return pair.server.security().resumed;
  }
};

// A tag: the version that the client offers, the one that is negotiated, the server's limits. A
// visit without one goes by zeros.
TEST_CASE("a ticket is good for the QUIC version alone that was negotiated, with any limits") {
  struct Row {
    Tag given, offered;
    bool resumes;
  };
  for (const Row& row : {Row{{1, 1, 0}, {1, 1, 0}, true},
                         {{1, 1, 0}, {2, 2, 0}, false},
                         {{2, 2, 0}, {2, 2, 0}, true},
                         {{1, 2, 0}, {2, 2, 0}, true},
                         {{2, 2, 0}, {1, 2, 0}, false},
                         {{1, 2, 0}, {1, 1, 0}, false},
                         {{1, 1, 5}, {1, 1, 6}, true},
                         {{0, 0, 0}, {1, 1, 0}, false},
                         {{1, 1, 0}, {0, 0, 0}, true}}) {
    CAPTURE(row.given.negotiated_version, row.offered.offered_version, row.given.limits);
    Shop shop;
    CHECK_FALSE(shop.visit(row.given));
    CHECK(shop.visit(row.offered) == row.resumes);
  }
}

}  // namespace
}  // namespace troika::test
