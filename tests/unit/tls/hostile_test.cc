#include "tls/context/server_context.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

std::span<const std::byte> raw(std::string_view text) { return std::as_bytes(std::span(text)); }

// A server alone with bytes that a client might send.
struct Alone {
  void receive(std::string_view bytes) {
    link.inject(End::client, raw(bytes));
    link.run();
  }
  MemoryLink link;
  Peer server;
  Alone() { server.open(link.open(End::server), context->new_ssl()); }
  static inline const std::unique_ptr<tls::ServerContext> context = server_context();
};

std::string client_hello() {
  TlsPair pair;
  const std::string& wire = pair.record(End::client);
  pair.open_client();
  return wire;
}

}  // namespace

TEST_CASE("a plain HTTP request on the TLS port closes the connection and says why") {
  Alone alone;
  alone.receive("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE(alone.server.closed);
  CHECK(alone.server.closed->code == ErrorCode::protocol);
  CHECK(alone.server.closed->detail == "a plain HTTP request on a TLS port");
  CHECK(alone.link.sent_by(End::server).fin);
  CHECK_FALSE(alone.server.told("ready"));
}

// RFC 9001 §8.2: over TCP the extension means nothing.
TEST_CASE("transport parameters of QUIC in a handshake over TCP are ignored") {
  constexpr unsigned kTransportParameters = 0x39;
  const auto client = client_context();
  const std::string_view garbage = "no parameters";
  const auto add = [](SSL*, unsigned, unsigned, const unsigned char** out, std::size_t* size, X509*,
                      std::size_t, int*, void* text) {
    const auto& bytes = *static_cast<const std::string_view*>(text);
    *out = reinterpret_cast<const unsigned char*>(bytes.data());
    *size = bytes.size();
    return 1;
  };
  REQUIRE(SSL_CTX_add_custom_ext(SSL_get_SSL_CTX(client->new_ssl("").get()), kTransportParameters,
                                 SSL_EXT_CLIENT_HELLO, add, nullptr,
                                 const_cast<std::string_view*>(&garbage), nullptr, nullptr) == 1);
  TlsPair pair(*server_context(), client->new_ssl("localhost"));
  const std::string& wire = pair.record(End::client);
  REQUIRE(pair.shake_hands());
  CHECK(wire.contains(garbage));
  pair.client.queue.append_copy("hello");
  pair.run();
  CHECK(pair.server.received == "hello");
}

TEST_CASE("garbage closes the connection") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Alone alone;
    std::string bytes = random_text(1 + seed * 7, seed);
    // Half of them look like a handshake record at first.
    if (seed % 2 == 0) bytes.insert(0, std::string("\x16\x03\x01\x00\x40", 5));
    alone.receive(bytes);
    alone.link.inject_fin(End::client);
    alone.link.run();
    CHECK(alone.server.closed);
    CHECK_FALSE(alone.server.told("ready"));
  }
}

TEST_CASE("a handshake that is cut anywhere ends with an error") {
  const std::string hello = client_hello();
  REQUIRE(hello.size() > 200);
  for (std::size_t cut = 0; cut <= hello.size(); cut += 37) {
    Alone alone;
    alone.receive(std::string_view(hello).substr(0, cut));
    CHECK_FALSE(alone.server.closed);
    alone.link.inject_fin(End::client);
    alone.link.run();
    REQUIRE(alone.server.closed);
    CHECK(alone.server.closed->code == ErrorCode::closed);
    CHECK(alone.server.closed->detail == "left during the TLS handshake");
  }
}

TEST_CASE("a ClientHello with any byte changed never crashes and never becomes ready") {
  const std::string hello = client_hello();
  for (std::size_t at = 0; at < hello.size(); at += 11) {
    Alone alone;
    std::string changed = hello;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    alone.receive(changed);
    CHECK_FALSE(alone.server.told("ready"));
  }
}

TEST_CASE("a record that was tampered with is answered by an alert and closes the connection") {
  TlsPair pair;
  REQUIRE(pair.shake_hands());
  const std::string& wire = pair.record(End::client);
  pair.client.queue.append_copy("first");
  pair.run();
  // The same record once more has another sequence number, so that its tag is wrong.
  pair.link.inject(End::client, raw(wire));
  pair.link.run();
  CHECK(pair.server.received == "first");
  REQUIRE(pair.server.closed);
  CHECK(pair.server.closed->code == ErrorCode::protocol);
  CHECK(pair.server.closed->detail.contains("bad record mac"));
  REQUIRE(pair.client.closed);
  CHECK(pair.client.closed->code == ErrorCode::protocol);
  CHECK(pair.client.closed->detail.contains("bad record mac"));
}

TEST_CASE("a record cut by FIN gives none of its bytes") {
  TlsPair pair;
  REQUIRE(pair.shake_hands());
  pair.link.sent_by(End::client).capacity = 500;
  pair.client.queue.append_copy(random_text(1000, 1));
  pair.client.flush(pair.now);
  pair.link.inject_fin(End::client);
  pair.link.pump();
  CHECK(pair.server.received.empty());
  REQUIRE(pair.server.closed);
  CHECK(pair.server.closed->code == ErrorCode::closed);
}
