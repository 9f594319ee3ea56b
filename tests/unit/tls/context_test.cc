#include <openssl/pem.h>

#include "tls/certificates/certificate_files.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::ServerContext;
using tls::TransportKind;

namespace {

// Counts the handshake messages of one type that an SSL receives.
struct MessageCount {
  MessageCount(SSL* ssl, int wanted) : type(wanted) {
    SSL_set_msg_callback(ssl, on_message);
    SSL_set_msg_callback_arg(ssl, this);
  }
  static void on_message(int written, int, int content, const void* bytes, std::size_t size, SSL*,
                         void* self) {
    auto& count = *static_cast<MessageCount*>(self);
    const bool handshake = written == 0 && content == SSL3_RT_HANDSHAKE && size > 0;
    if (handshake && *static_cast<const unsigned char*>(bytes) == count.type) ++count.seen;
  }
  int type, seen = 0;
};

std::string group_for(TransportKind kind, const char* client_groups, int server_hellos) {
  const auto client = tls::ClientContext::make(
                          kind, {.alpn = alpn_of(kind), .groups = client_groups, .verify = false})
                          .value();
  TlsPair pair(*server_context(kind), client->new_ssl("localhost"));
  const MessageCount hellos(pair.client_ssl.get(), SSL3_MT_SERVER_HELLO);
  CHECK(pair.shake_hands());
  CHECK(hellos.seen == server_hellos);
  return pair.server.security().group;
}

}  // namespace

TEST_CASE("a key with a passphrase is refused without asking for it") {
  const auto& files = test_certificate();
  const TemporaryFolder folder;
  const std::string locked = folder.path / "locked.pem";
  const auto key = tls::read_private_key(files.key_file).value();
  BIO* out = BIO_new_file(locked.c_str(), "w");
  std::string secret = "secret";
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(out, key.get(), EVP_aes_128_cbc(), secret.data(), 6,
                                        nullptr, nullptr) == 1);
  BIO_free(out);
  const auto refused = ServerContext::make(TransportKind::tcp, {files.cert_file, locked});
  CHECK(refused.error().contains("passphrase"));
}

TEST_CASE("TLS 1.3 with X25519MLKEM768 and AES-128-GCM is what a default client gets") {
  TlsPair pair;
  REQUIRE(pair.shake_hands());
  for (const Peer* peer : {&pair.client, &pair.server}) {
    const SecurityInfo& info = peer->security();
    CHECK(info.encrypted);
    CHECK(info.version == "TLSv1.3");
    CHECK(info.cipher == "TLS_AES_128_GCM_SHA256");
    CHECK(info.group == "X25519MLKEM768");
    CHECK(info.server_name == "localhost");
    CHECK_FALSE(info.resumed);
  }
}

TEST_CASE("a client with a share for X25519 alone is not asked for another one") {
  for (const TransportKind kind : {TransportKind::tcp, TransportKind::quic}) {
    CHECK(group_for(kind, "X25519MLKEM768:*X25519", 1) == "x25519");
    CHECK(group_for(kind, "", 1) == "X25519MLKEM768");
    CHECK(group_for(kind, "X25519MLKEM768", 1) == "X25519MLKEM768");
    CHECK(group_for(kind, "P-256", 1) == "secp256r1");
    CHECK(group_for(kind, "*P-521:X25519", 2) == "x25519");  // shows that the count sees a retry
  }
}

TEST_CASE("a client that prefers ChaCha20 gets it") {
  TlsPair pair;
  SSL_set_ciphersuites(pair.client_ssl.get(),
                       "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256");
  REQUIRE(pair.shake_hands());
  CHECK(pair.server.security().cipher == "TLS_CHACHA20_POLY1305_SHA256");
}

TEST_CASE("TLS 1.2 knows ECDHE with an AEAD only") {
  const tls::SslPtr ssl = server_context()->new_ssl();
  STACK_OF(SSL_CIPHER)* ciphers = SSL_get1_supported_ciphers(ssl.get());
  int old = 0;
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    const std::string name = SSL_CIPHER_get_name(cipher);
    CHECK(SSL_CIPHER_is_aead(cipher) == 1);
    if (name.starts_with("TLS_")) continue;
    CHECK(name.starts_with("ECDHE-"));
    CHECK((name.contains("GCM") || name.contains("CHACHA20")));
    ++old;
  }
  CHECK(old == 6);
  sk_SSL_CIPHER_free(ciphers);
}

TEST_CASE("TLS 1.2 is served over TCP alone, its CBC ciphers and TLS 1.1 are refused") {
  const auto attempt = [&](int version, const char* ciphers,
                           TransportKind kind = TransportKind::tcp) -> std::string {
    TlsPair pair(*server_context(kind), client_context({"h2", "h3"})->new_ssl("localhost"));
    SSL* ssl = pair.client_ssl.get();
    SSL_set_security_level(ssl, 0);
    SSL_set_min_proto_version(ssl, version);
    SSL_set_max_proto_version(ssl, version);
    REQUIRE(SSL_set_cipher_list(ssl, ciphers) == 1);
    if (pair.shake_hands()) return pair.server.security().version;
    return std::string(pair.server.closed.value().detail);
  };
  CHECK(attempt(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256") == "TLSv1.2");
  CHECK(attempt(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", TransportKind::quic) ==
        "no TLS version in common");
  CHECK(attempt(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256") == "no cipher in common");
  CHECK(attempt(TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256") == "no cipher in common");
  CHECK(attempt(TLS1_1_VERSION, "ECDHE-ECDSA-AES128-SHA") == "no TLS version in common");
}

TEST_CASE("one ticket is sent, without early data unless there is a register, and it resumes") {
  const auto server = ServerContext::make(TransportKind::tcp, server_options()).value();
  const auto client = client_context({"h2"});
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsPair first(*server, client->new_ssl("localhost"));
    SSL_set_max_proto_version(first.client_ssl.get(), version);
    const MessageCount tickets(first.client_ssl.get(), SSL3_MT_NEWSESSION_TICKET);
    REQUIRE(first.shake_hands());
    CHECK(tickets.seen == 1);
    CHECK(SSL_SESSION_get_max_early_data(first.session().get()) == 0);
    TlsPair second(*server, client->new_ssl("localhost"));
    SSL_set_max_proto_version(second.client_ssl.get(), version);
    second.offer(first.session());
    REQUIRE(second.shake_hands());
    CHECK(second.server.security().resumed);
    CHECK(second.client.security().resumed);
    CHECK(second.server.security().server_name == "localhost");
    CHECK(second.server.security().alpn == "h2");
  }
}

TEST_CASE("a client that tries to renegotiate is refused") {
  TlsPair pair;
  SSL_set_max_proto_version(pair.client_ssl.get(), TLS1_2_VERSION);
  SSL_clear_options(pair.client_ssl.get(), SSL_OP_NO_RENEGOTIATION);
  REQUIRE(pair.shake_hands());
  CHECK((SSL_get_options(pair.server.ssl) & SSL_OP_NO_RENEGOTIATION) != 0);
  const MessageCount hellos(pair.client.ssl, SSL3_MT_SERVER_HELLO);
  REQUIRE(SSL_renegotiate(pair.client.ssl) == 1);
  SSL_do_handshake(pair.client.ssl);
  pair.run();
  CHECK(hellos.seen == 0);
  CHECK_FALSE(pair.server.closed);
  SSL_set_msg_callback(pair.client.ssl, nullptr);
}

TEST_CASE("a client checks the server's certificate against its CA and the name it asked for") {
  const auto& files = test_certificate();
  const auto server = server_context();
  const auto client = tls::ClientContext::make(TransportKind::tcp, {files.ca_file, {}}).value();
  for (const char* name : {"localhost", "127.0.0.1", "::1"}) {
    TlsPair pair(*server, client->new_ssl(name));
    CHECK(pair.shake_hands());
    const bool is_name = std::string_view(name) == "localhost";
    CHECK(pair.server.security().server_name == (is_name ? name : ""));
  }
  for (const char* name : {"example.org", "127.0.0.2", "::2", "localhost.example"}) {
    TlsPair pair(*server, client->new_ssl(name));
    CHECK_FALSE(pair.shake_hands());
    REQUIRE(pair.client.closed);
    CHECK(pair.client.closed->detail.contains("is for another "));
    CHECK(pair.server.closed);
  }
}

TEST_CASE("a client refuses a certificate of an unknown CA, unless it was told not to check") {
  const TemporaryFolder folder;
  const auto other =
      ensure_dev_certificate(folder.path, {}, std::chrono::system_clock::now()).value();
  const auto server = server_context();
  const auto strict = tls::ClientContext::make(TransportKind::tcp, {other.ca_file, {}}).value();
  TlsPair refused(*server, strict->new_ssl("localhost"));
  CHECK_FALSE(refused.shake_hands());
  CHECK(refused.client.closed->code == ErrorCode::protocol);
  CHECK(refused.client.closed->detail ==
        "the server's certificate is not from a CA that is trusted here");
  TlsPair taken(*server, client_context()->new_ssl("other.example"));
  CHECK(taken.shake_hands());
}

TEST_CASE("a client without a CA file goes by the CAs that the system trusts") {
  const auto& files = test_certificate();
  const auto server = server_context();
  const auto outcome = [&](const std::string& system) {
    setenv("SSL_CERT_FILE", system.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no other thread
    const auto client = tls::ClientContext::make(TransportKind::tcp, {}).value();
    unsetenv("SSL_CERT_FILE");  // NOLINT(concurrency-mt-unsafe)
    TlsPair pair(*server, client->new_ssl("localhost"));
    return pair.shake_hands();
  };
  CHECK(outcome(files.ca_file));
  CHECK_FALSE(outcome("/nowhere/ca.pem"));
}

TEST_CASE("a client's errors about its CA file and ALPN list are sentences") {
  const auto missing = tls::ClientContext::make(TransportKind::tcp, {"/nowhere/ca.pem", {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().contains("/nowhere/ca.pem cannot be read: No such file"));
  CHECK_FALSE(tls::ClientContext::make(TransportKind::tcp, {"", {""}}));
}
