#include "tls/tickets/resumption.h"

#include <openssl/ssl.h>

#include <memory>

#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "unit/tls/tls_pair.h"

namespace troika::test {
namespace {

// Visits to a server of QUIC, without QUIC: what a ticket relies on is TLS's own affair.
struct Visits {
  std::unique_ptr<tls::ServerContext> server = server_context(tls::TransportKind::quic);
  std::unique_ptr<tls::ClientContext> client =
      tls::ClientContext::make(tls::TransportKind::quic, {"", {"h3"}}).value();
  std::vector<std::byte> kept;

  // Whether it resumed by the ticket of the visit before.
  bool visit(tls::SessionTag tag, bool tagged = true) {
    TlsPair pair(*server, client->new_ssl("localhost", kept));
    if (tagged) REQUIRE(tls::set_session_tag(pair.server.ssl, tag));
    REQUIRE(pair.run());
    REQUIRE(pair.server.told("ready"));
    const auto ticket = tls::resumption_of(pair.client.ssl);
    kept.assign(ticket.begin(), ticket.end());
    REQUIRE_FALSE(kept.empty());
    return pair.server.transport->security().resumed;
  }
};

TEST_CASE("a ticket is good for the QUIC version alone that it was given on") {
  Visits visits;
  CHECK_FALSE(visits.visit({1, 1, 0}));
  CHECK(visits.visit({1, 1, 0}));
  CHECK_FALSE(visits.visit({2, 2, 0}));
  CHECK(visits.visit({2, 2, 0}));
}

TEST_CASE("a ticket is for the version that was negotiated, not for the one that was offered") {
  Visits visits;
  CHECK_FALSE(visits.visit({1, 2, 0}));
  CHECK(visits.visit({2, 2, 0}));
  CHECK_FALSE(visits.visit({1, 2, 0}));
  CHECK_FALSE(visits.visit({1, 1, 0}));
}

TEST_CASE("a ticket of other limits resumes") {
  Visits visits;
  CHECK_FALSE(visits.visit({1, 1, 5}));
  CHECK(visits.visit({1, 1, 6}));
}

TEST_CASE("a ticket without a tag is not good where one is asked for") {
  Visits visits;
  CHECK_FALSE(visits.visit({}, false));
  CHECK_FALSE(visits.visit({1, 1, 0}));
  CHECK(visits.visit({}, false));
}

}  // namespace
}  // namespace troika::test
