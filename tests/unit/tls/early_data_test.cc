#include "tls/context/server_context.h"

#include "support/sim_network.h"
#include "tls/tickets/replay_register.h"
#include "tls/tickets/resumption.h"
#include "tls/tickets/ticket_keys.h"
#include "unit/tls/tls_pair.h"

namespace troika::test {
namespace {

using tls::TlsConnection;

constexpr std::size_t kEarlyBytes = 16U << 10U;

tls::Root some_root() {
  tls::Root root;
  root.fill(std::byte{7});
  return root;
}

std::vector<std::byte> visit(const tls::ServerContext& server, const tls::ClientContext& client,
                             int version = TLS1_3_VERSION) {
  TlsPair pair(server, client.new_ssl("localhost"));
  SSL_set_max_proto_version(pair.client_ssl.get(), version);
  REQUIRE(pair.shake_hands());
  CHECK_FALSE(pair.server.security().resumed);
  const auto bytes = tls::resumption_of(pair.client.ssl);
  REQUIRE_FALSE(bytes.empty());
  return {bytes.begin(), bytes.end()};
}

// A process with two workers, and a client that has been there once.
struct Fixture {
  explicit Fixture(std::uint32_t early_bytes = kEarlyBytes, std::size_t entries = 1000)
      : replays(clock, entries, 30s) {
    tls::ServerOptions options = server_options();
    options.ticket_keys = &keys;
    options.replays = &replays;
    options.early_data_bytes = early_bytes;
    first = tls::ServerContext::make(tls::TransportKind::tcp, options).value();
    second = tls::ServerContext::make(tls::TransportKind::tcp, options).value();
    ticket = visit(*first, *client);
  }

  // What a client that comes back sends before it has heard anything.
  std::string first_flight(const std::string& early) const {
    TlsPair pair(*second, client->new_ssl("localhost", ticket));
    const std::string& wire = pair.record(End::client);
    pair.client.queue.append_copy(early);
    pair.open_client();
    return wire;
  }

  // OpenSSL makes tickets by real time; the server's wall clock can be set off from it.
  const WallTime start = std::chrono::system_clock::now();
  SetClock clock{start};
  tls::TicketKeys keys{clock, some_root(), 12h, 24h};
  tls::ReplayRegister replays;
  std::unique_ptr<tls::ServerContext> first, second;
  std::unique_ptr<tls::ClientContext> client = client_context({"h2", "http/1.1"});
  std::vector<std::byte> ticket;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "early data reaches a server on another worker before the handshake") {
  TlsPair pair(*second, client->new_ssl("localhost", ticket));
  pair.client.queue.append_copy("early");
  pair.client.open(pair.link.open(End::client), std::move(pair.client_ssl));
  CHECK(pair.client.events == "ready ");
  CHECK(pair.client.security().handshaking);
  CHECK(pair.client.security().alpn == "h2");
  CHECK(pair.client.security().server_name == "localhost");
  pair.client.flush(pair.now);
  pair.link.pump();  // the first flight arrives, and nothing else has been sent
  const SecurityInfo& security = pair.server.security();
  CHECK(pair.server.events == "ready bytes ");
  CHECK(pair.server.early == "early");
  CHECK(security.handshaking);
  CHECK(security.early_data);
  CHECK(security.alpn == "h2");
  CHECK(security.server_name == "localhost");
  // The answer goes in the server's first flight, ahead of the client's Finished.
  pair.server.queue.append_copy("answer");
  pair.server.flush(pair.now);
  CHECK(pair.server.queue.empty());
  CHECK(pair.server.handshakes == 0);
  pair.link.pump();
  CHECK(pair.client.received == "answer");
  pair.run();
  CHECK(pair.server.handshakes == 1);
  CHECK(pair.server.early == pair.server.received);
  for (const Peer* peer : {&pair.client, &pair.server}) {
    CHECK(peer->security().resumed);
    CHECK(peer->security().early_data);
    CHECK_FALSE(peer->security().handshaking);
    CHECK_FALSE(peer->closed);
  }
  CHECK(replays.counters().accepted == 1);
  // The connection goes on as any other.
  pair.client.queue.append_copy(" later");
  pair.server.queue.append_copy(" more");
  pair.run();
  CHECK(pair.server.received == "early later");
  CHECK(pair.client.received == "answer more");
}

TEST_CASE_METHOD(Fixture, "a replayed first flight is an ordinary handshake on all workers") {
  const std::string flight = first_flight("early");
  unsigned reached = 0;
  for (int i = 0; i < 10; ++i) {
    MemoryLink link;
    Peer server;
    server.open(link.open(End::server), (i % 2 == 0 ? *first : *second).new_ssl());
    link.inject(End::client, std::as_bytes(std::span(flight)));
    link.run();
    CHECK_FALSE(server.closed);  // it waits for a Finished that the attacker cannot make
    CHECK(server.handshakes == 0);
    if (server.told("bytes")) ++reached;
  }
  CHECK(reached == 1);
  CHECK(replays.counters().accepted == 1);
  CHECK(replays.counters().replayed == 9);
}

TEST_CASE_METHOD(Fixture, "rejected early data is sent again as ordinary data, once") {
  tls::ServerOptions options = server_options();
  options.ticket_keys = &keys;
  const auto without = tls::ServerContext::make(tls::TransportKind::tcp, options).value();
  tls::Root strange = some_root();
  strange[0] ^= std::byte{1};
  tls::TicketKeys strange_keys(clock, strange, 12h, 24h);
  options.ticket_keys = &strange_keys;
  options.replays = &replays;
  const auto stranger = tls::ServerContext::make(tls::TransportKind::tcp, options).value();
  for (const auto* server : {&without, &stranger}) {
    const bool knows = server == &without;
    TlsPair pair(**server, client->new_ssl("localhost", ticket));
    const std::string text = random_text(kEarlyBytes, 1);
    pair.client.queue.append_copy(text + "and what did not fit");
    REQUIRE(pair.shake_hands());
    CHECK(pair.server.early.empty());
    CHECK((pair.server.received == text + "and what did not fit"));
    CHECK(pair.server.security().resumed == knows);
    CHECK_FALSE(pair.server.security().early_data);
    CHECK_FALSE(pair.client.security().early_data);
  }
  CHECK(replays.counters().accepted == 0);
}

TEST_CASE("a full register rejects early data, and the connection goes on") {
  Fixture full(kEarlyBytes, 1);
  for (const bool fits : {true, false}) {
    TlsPair pair(*full.first, full.client->new_ssl("localhost", full.ticket));
    pair.client.queue.append_copy("early");
    REQUIRE(pair.shake_hands());
    CHECK(pair.server.early == (fits ? "early" : ""));
    CHECK(pair.server.received == "early");
    CHECK(pair.server.security().resumed);
  }
  CHECK(full.replays.counters().rejected == 1);
}

TEST_CASE("as much early data as the server allows is taken, and a byte more ends it") {
  constexpr std::uint32_t kMost = 3000;
  Fixture fixture(kMost);
  for (const std::size_t size : {std::size_t{kMost}, std::size_t{kMost} + 1}) {
    CAPTURE(size);
    const bool fits = size == kMost;
    TlsPair pair(*fixture.first, fixture.client->new_ssl("localhost"));
    // A client that takes no notice of the limit in its ticket.
    const auto* at = reinterpret_cast<const unsigned char*>(fixture.ticket.data());
    const Session session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(fixture.ticket.size())));
    SSL_SESSION_set_max_early_data(session.get(), kMost + 1);
    pair.offer(session);
    pair.client.queue.append_copy(std::string(size, 'x'));
    pair.open_client();
    pair.link.run();
    CHECK(pair.server.early.size() == (fits ? size : pair.server.early.size()));
    CHECK(pair.server.early.size() <= kMost);
    CHECK(pair.server.closed.has_value() == !fits);
    CHECK(pair.client.closed.has_value() == !fits);
    if (!fits) CHECK(pair.server.closed->detail == "too much early data");
  }
}

TEST_CASE_METHOD(Fixture, "a client sends as much early data as the ticket says, the rest after") {
  const std::string text = random_text(kEarlyBytes + 1, 1);
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  pair.client.queue.append_copy(text);
  REQUIRE(pair.shake_hands());
  CHECK(pair.server.early.size() == kEarlyBytes);
  CHECK((pair.server.received == text));
}

TEST_CASE_METHOD(Fixture, "while reading is off early data is held, and the handshake goes on") {
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  pair.server.stop_after_bytes = true;
  const std::string text = random_text(kEarlyBytes, 1);
  pair.client.queue.append_copy(text);
  REQUIRE(pair.shake_hands());
  CHECK(text.starts_with(pair.server.received));
  CHECK(pair.server.received.size() < text.size());
  CHECK(pair.server.handshakes == 1);
  pair.client.queue.append_copy("!");
  pair.run();
  CHECK(pair.server.received.size() < text.size());
  // A FIN does not overtake what is held.
  pair.client.transport->shutdown_write();
  pair.run();
  CHECK_FALSE(pair.server.told("end"));
  pair.server.stop_after_bytes = false;
  pair.server.transport->set_reading(true);
  pair.run();
  CHECK((pair.server.received == text + "!"));
  CHECK(pair.server.told("end"));
}

TEST_CASE_METHOD(Fixture, "early data that is held comes before the handshake is done, if asked") {
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  pair.server.stop_after_bytes = true;
  const std::string text = random_text(8000, 1);
  pair.client.queue.append_copy(text);
  pair.open_client();
  pair.link.pump();
  CHECK(pair.server.early.size() < text.size());
  pair.server.stop_after_bytes = false;
  pair.server.transport->set_reading(true);
  CHECK((pair.server.early == text));
  CHECK(pair.server.handshakes == 0);
}

TEST_CASE_METHOD(Fixture,
                 "an answer that ends the connection early is closed after the handshake") {
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  pair.client.queue.append_copy("early");
  pair.open_client();
  pair.link.pump();
  pair.server.queue.append_copy("last words");
  pair.server.flush(pair.now);
  pair.server.transport->shutdown_write();
  CHECK_FALSE(pair.link.sent_by(End::server).fin);
  pair.run();
  CHECK(pair.client.received == "last words");
  CHECK(pair.client.told("end"));
  CHECK_FALSE(pair.client.closed);
  CHECK(pair.link.sent_by(End::server).fin);
}

TEST_CASE_METHOD(Fixture, "a client that leaves after its early data is no end but a cut") {
  const std::string flight = first_flight("early");
  MemoryLink link;
  Peer server;
  server.open(link.open(End::server), first->new_ssl());
  link.inject(End::client, std::as_bytes(std::span(flight)));
  link.inject_fin(End::client);
  link.run();
  CHECK(server.early == "early");
  REQUIRE(server.closed);
  CHECK(server.closed->detail == "left during the TLS handshake");
  CHECK_FALSE(server.told("end"));
}

TEST_CASE_METHOD(Fixture,
                 "without early data a resumed client is ready when the handshake is done") {
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  REQUIRE(pair.shake_hands());  // it may send early data, and has none
  CHECK(pair.server.security().resumed);
  CHECK(pair.server.early.empty());
  CHECK_FALSE(tls::resumption_of(pair.client.ssl).empty());  // another ticket for the next visit
  pair.client.queue.append_copy("late");
  pair.run();
  CHECK(pair.server.received == "late");
}

TEST_CASE_METHOD(Fixture, "a session is left out where it does not fit, and all goes on without") {
  struct Case {
    const char* name;
    std::vector<std::string> alpn;
    bool resumed;
  };
  for (const Case& at : {Case{"localhost", {"http/1.1", "h2"}, true},
                         {"127.0.0.1", {"h2"}, false},
                         {"other.example", {"h2"}, false},
                         {"localhost", {"http/1.1"}, false},
                         {"localhost", {}, false}}) {
    CAPTURE(at.name, at.alpn);
    TlsPair pair(*first, client_context(at.alpn)->new_ssl(at.name, ticket));
    pair.client.queue.append_copy("x");
    REQUIRE(pair.shake_hands());
    CHECK(pair.server.security().resumed == at.resumed);
    CHECK(pair.server.received == "x");
  }
  ticket.resize(ticket.size() / 2);
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  REQUIRE(pair.shake_hands());
  CHECK_FALSE(pair.server.security().resumed);
}

TEST_CASE_METHOD(Fixture, "TLS 1.2 resumes without early data") {
  const auto old_ticket = visit(*first, *client, TLS1_2_VERSION);
  TlsPair pair(*second, client->new_ssl("localhost", old_ticket));
  SSL_set_max_proto_version(pair.client_ssl.get(), TLS1_2_VERSION);
  pair.client.queue.append_copy("x");
  REQUIRE(pair.shake_hands());
  CHECK(pair.server.security().resumed);
  CHECK(pair.server.security().version == "TLSv1.2");
  CHECK(pair.server.early.empty());
  CHECK(pair.server.received == "x");
}

TEST_CASE_METHOD(Fixture, "after a HelloRetryRequest there is no early data") {
  TlsPair pair(*first, client->new_ssl("localhost", ticket));
  // Its only share is for a group that the server lacks.
  REQUIRE(SSL_set1_groups_list(pair.client_ssl.get(), "P-521:P-384") == 1);
  pair.client.queue.append_copy("early");
  REQUIRE(pair.shake_hands());
  CHECK(pair.server.early.empty());
  CHECK(pair.server.received == "early");
  CHECK(replays.counters().accepted == 0);
}

TEST_CASE_METHOD(Fixture, "a clock that was set back resumes sessions, and takes no early data") {
  const auto come_back = [&] {
    TlsPair pair(*second, client->new_ssl("localhost", ticket));
    pair.client.queue.append_copy("x");
    REQUIRE(pair.shake_hands());
    CHECK(pair.server.security().resumed);
    CHECK(pair.server.received == "x");
    return !pair.server.early.empty();
  };
  clock.time = start - 60s;  // the ticket is from the future
  CHECK_FALSE(come_back());
  clock.time = start + 60s;
  CHECK(come_back());
  clock.time = start + 10s;  // later than the ticket, earlier than what was seen
  CHECK_FALSE(come_back());
  CHECK(replays.counters().rejected == 2);
}

TEST_CASE("servers for which clients show certificates take no early data") {
  sim::SimClock clock;
  tls::ReplayRegister replays(clock, 10, 30s);
  for (const auto auth : {tls::ClientAuth::none, tls::ClientAuth::optional}) {
    const std::unique_ptr<SSL_CTX, tls::SslContextFree> context(SSL_CTX_new(TLS_server_method()));
    tls::ServerOptions options;
    options.replays = &replays;
    options.client_auth = auth;
    REQUIRE(tls::allow_early_data(context.get(), tls::TransportKind::quic, options));
    CHECK(SSL_CTX_get_max_early_data(context.get()) ==
          (auth == tls::ClientAuth::none ? 0xffffffffU : 0U));
  }
}

}  // namespace troika::test
