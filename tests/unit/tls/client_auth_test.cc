// Certificates of clients: who is let in, and what is known of them.
#include <ctime>

#include "support/cert_maker.h"
#include "tls/tickets/resumption.h"
#include "tls/tickets/ticket_keys.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::ClientAuth;
using tls::ServerContext;
using tls::TransportKind;

namespace {

struct Office {
  Office() { write_file(ca_file, ca.pem()); }

  tls::ServerOptions options(ClientAuth auth, const std::string& file,
                             TransportKind kind = TransportKind::tcp) const {
    tls::ServerOptions options = server_options(kind);
    options.ticket_keys = &tickets;
    options.client_auth = auth;
    options.client_ca_file = file;
    return options;
  }
  std::unique_ptr<ServerContext> server(ClientAuth auth, const std::string& file,
                                        TransportKind kind = TransportKind::tcp) const {
    return ServerContext::make(kind, options(auth, file, kind)).value();
  }
  std::unique_ptr<ServerContext> server(ClientAuth auth) const { return server(auth, ca_file); }

  std::unique_ptr<tls::ClientContext> client(const PemPair& pem,
                                             TransportKind kind = TransportKind::tcp) const {
    write_file(folder.path / "client.pem", pem.cert);
    write_file(folder.path / "client.key", pem.key);
    return tls::ClientContext::make(kind, {.alpn = {kind == TransportKind::tcp ? "h2" : "h3"},
                                           .cert_file = folder.path / "client.pem",
                                           .key_file = folder.path / "client.key",
                                           .verify = false})
        .value();
  }
  std::unique_ptr<tls::ClientContext> client(const CertSpec& spec) const {
    return client(ca.make(spec));
  }
  std::string error(ClientAuth auth, const std::string& file) const {
    const auto made = ServerContext::make(TransportKind::tcp, options(auth, file));
    return made ? "" : made.error();
  }

  SystemClock clock;
  // The same for all servers: what keeps sessions apart is the policy alone.
  mutable tls::TicketKeys tickets{clock, {}, std::chrono::hours(12), std::chrono::hours(24)};
  TemporaryFolder folder;
  TestCa ca;
  std::string ca_file = folder.path / "ca.pem";
};

const CertSpec kClient{.names = "", .common_name = "Änne, R&D", .usage = "clientAuth"};

// What became of a handshake: the client's name, or the alert that the client got.
std::string outcome(const ServerContext& server, const tls::ClientContext& client, int version) {
  TlsPair pair(server, client.new_ssl("localhost"));
  SSL_set_max_proto_version(pair.client_ssl.get(), version);
  pair.run();
  if (pair.server.told("ready")) {
    CHECK(pair.client.told("ready"));
    return "in: " + pair.server.security().client_name;
  }
  CHECK(pair.server.closed);
  return pair.client.closed ? std::string(pair.client.closed->detail) : "no alert";
}

}  // namespace

TEST_CASE("a certificate is required: without a good one the handshake fails with its alert") {
  const Office office;
  const auto server = office.server(ClientAuth::required);
  const auto none = client_context({"h2"});
  CHECK(outcome(*server, *none, TLS1_3_VERSION) == "tlsv13 alert certificate required");
  CHECK(outcome(*server, *none, TLS1_2_VERSION) == "ssl/tls alert handshake failure");
  const auto good = office.client(kClient);
  const auto stranger = office.client(TestCa("Stranger").make(kClient));
  const auto expired = office.client({.names = "", .usage = "clientAuth", .until = -60});
  const auto early = office.client({.names = "", .usage = "clientAuth", .from = 3600});
  const auto for_servers = office.client({.names = "", .usage = "serverAuth"});
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    CHECK(outcome(*server, *good, version) == "in: CN=Änne\\, R&D");
    CHECK(outcome(*server, *stranger, version) == "tlsv1 alert unknown ca");
    CHECK(outcome(*server, *expired, version) == "ssl/tls alert certificate expired");
    CHECK(outcome(*server, *early, version) == "ssl/tls alert bad certificate");
    CHECK(outcome(*server, *for_servers, version) == "ssl/tls alert unsupported certificate");
  }
}

TEST_CASE("a certificate is optional: none is fine, a bad one is not") {
  const Office office;
  const auto server = office.server(ClientAuth::optional);
  const auto none = client_context({"h2"});
  const auto good = office.client(kClient);
  const auto stranger = office.client(TestCa("Stranger").make(kClient));
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    CHECK(outcome(*server, *none, version) == "in: ");
    CHECK(outcome(*server, *good, version) == "in: CN=Änne\\, R&D");
    CHECK(outcome(*server, *stranger, version) == "tlsv1 alert unknown ca");
  }
}

TEST_CASE("a resumed session has its client's name, and never crosses to another policy") {
  const Office office;
  const TestCa other("Other");
  const std::string other_file = office.folder.path / "other.pem";
  write_file(other_file, other.pem());
  const auto client = office.client(kClient);
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    const auto server = office.server(ClientAuth::required);
    TlsPair first(*server, client->new_ssl("localhost"));
    SSL_set_max_proto_version(first.client_ssl.get(), version);
    REQUIRE(first.shake_hands());
    const Session session = first.session();
    const auto again = [&](const ServerContext& at) -> std::string {
      TlsPair pair(at, client->new_ssl("localhost"));
      SSL_set_max_proto_version(pair.client_ssl.get(), version);
      pair.offer(session);
      if (!pair.shake_hands()) return "refused";
      const SecurityInfo& info = pair.server.security();
      return (info.resumed ? "resumed " : "full ") + info.client_name;
    };
    CHECK(again(*office.server(ClientAuth::required)) == "resumed CN=Änne\\, R&D");
    CHECK(again(*office.server(ClientAuth::optional)) == "full CN=Änne\\, R&D");
    CHECK(again(*office.server(ClientAuth::required, other_file)) == "refused");
    CHECK(again(*office.server(ClientAuth::optional, other_file)) == "refused");
    CHECK(again(*office.server(ClientAuth::none, "")) == "full ");
  }
}

namespace {

// Visits of one client to one server, with tickets.
struct Visits {
  Visits(const Office& office, const CertSpec& spec, TransportKind kind, int max_version)
      : server(office.server(ClientAuth::required, office.ca_file, kind)),
        client(office.client(office.ca.make(spec), kind)),
        version(max_version) {}

  // What it was; `now`: what the server takes for the time when it checks a certificate.
  std::string visit(std::time_t now = std::time(nullptr)) {
    TlsPair pair(*server, client->new_ssl("localhost"));
    SSL_set_max_proto_version(pair.client_ssl.get(), version);
    if (session) pair.offer(session);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(pair.server.ssl), now);
    if (!pair.shake_hands()) return "refused";
    ticket = tls::resumption_of(pair.client.ssl).empty() ? nullptr : pair.session();
    return pair.server.security().resumed ? "resumed" : "full";
  }

  std::unique_ptr<ServerContext> server;
  std::unique_ptr<tls::ClientContext> client;
  int version;
  Session session, ticket;  // what it comes with; what it was given
};

}  // namespace

TEST_CASE("an expired certificate of a client is not let in by a ticket") {
  const Office office;
  for (const auto& [kind, version] : {std::pair(TransportKind::tcp, TLS1_3_VERSION),
                                      {TransportKind::tcp, TLS1_2_VERSION},
                                      {TransportKind::quic, TLS1_3_VERSION}}) {
    CAPTURE(kind, version);
    for (const bool expired : {false, true}) {
      Visits visits(office, {.names = "", .usage = "clientAuth", .until = expired ? -60 : 60}, kind,
                    version);
      REQUIRE(visits.visit(std::time(nullptr) - 600) == "full");
      REQUIRE(visits.ticket);
      visits.session = std::move(visits.ticket);
      CHECK(visits.visit() == (expired ? "refused" : "resumed"));
    }
  }
}

TEST_CASE("a ticket of a client with a certificate is not renewed, and is good again") {
  const Office office;
  for (const TransportKind kind : {TransportKind::tcp, TransportKind::quic}) {
    Visits visits(office, kClient, kind, TLS1_3_VERSION);
    REQUIRE(visits.visit() == "full");
    visits.session = std::move(visits.ticket);
    for (int i = 0; i < 2; ++i) {
      CHECK(visits.visit() == "resumed");
      CHECK_FALSE(visits.ticket);
    }
  }
}

TEST_CASE("an intermediate CA alone is enough to check clients with, and lets in its own only") {
  const Office office;
  const TestCa department("Department", office.ca);
  const std::string file = office.folder.path / "department.pem";
  write_file(file, department.pem());
  const auto server = office.server(ClientAuth::required, file);
  CHECK(outcome(*server, *office.client(department.make(kClient)), TLS1_3_VERSION) ==
        "in: CN=Änne\\, R&D");
  CHECK(outcome(*server, *office.client(kClient), TLS1_3_VERSION) == "tlsv1 alert unknown ca");
}

TEST_CASE("a client without a subject has another name: its first in words, or its number") {
  const Office office;
  const auto server = office.server(ClientAuth::required);
  for (const auto& [names, name] :
       {std::pair("IP:192.0.2.1,email:a@example.org,DNS:b.example", "email:a@example.org"),
        {"URI:spiffe://example.org/x", "URI:spiffe://example.org/x"},
        {"DNS:b.example", "DNS:b.example"}}) {
    const auto client = office.client({.names = names, .common_name = "", .usage = "clientAuth"});
    CHECK(outcome(*server, *client, TLS1_3_VERSION) == std::string("in: ") + name);
  }
  for (const char* names : {"", "IP:192.0.2.1"}) {
    const PemPair pem = office.ca.make({.names = names, .common_name = "", .usage = "clientAuth"});
    CHECK(outcome(*server, *office.client(pem), TLS1_3_VERSION) == "in: serial:" + pem.serial);
  }
}

TEST_CASE("a CA file that is missing, empty, damaged or of no CA keeps the server from starting") {
  const Office office;
  const std::string none = office.folder.path / "none.pem", bad = office.folder.path / "bad.pem";
  CHECK(office.error(ClientAuth::required, none).contains(none + " cannot be read"));
  write_file(bad, "");
  CHECK(office.error(ClientAuth::required, bad).contains(bad + " holds no certificate"));
  write_file(bad, office.ca.pem() + office.ca.pem().substr(0, 100));
  CHECK(office.error(ClientAuth::optional, bad).contains(bad + " holds a damaged certificate"));
  write_file(bad, office.ca.pem() + office.ca.make(kClient).cert);
  CHECK(office.error(ClientAuth::required, bad)
            .contains(bad + " contains a certificate that is not a CA's"));
  CHECK(office.error(ClientAuth::required, "").contains("give both, or neither"));
  CHECK(office.error(ClientAuth::none, office.ca_file).contains("give both, or neither"));
  CHECK(office.error(ClientAuth::required, office.ca_file).empty());
}
