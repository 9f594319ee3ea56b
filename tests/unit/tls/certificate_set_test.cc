// Which certificate a client gets, and what a set of them is made of.
#include "tls/certificates/certificate_set.h"

#include "support/cert_maker.h"
#include "tls/certificates/identity.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::CertificateSet;
using tls::ServerContext;
using tls::TransportKind;

namespace {

// A folder of pairs by one CA, in the order in which they were added.
struct Store {
  std::string add(const CertSpec& spec) {
    const PemPair pem = ca.make(spec);
    const std::string number = std::to_string(pairs.size());
    pairs.push_back({folder.path / (number + ".pem"), folder.path / (number + ".key")});
    write_file(pairs.back().cert_file, pem.cert);
    write_file(pairs.back().key_file, pem.key);
    return number;
  }
  CertificateSet::Ptr load() const { return CertificateSet::load(pairs).value(); }
  // The files of what a client with that name gets, "0 2".
  std::string chosen(std::string_view name) const {
    const auto set = load();
    std::string text;
    for (const tls::Identity* identity : set->choose(name)) {
      text += (text.empty() ? "" : " ") +
              std::filesystem::path(identity->files.cert_file).stem().string();
    }
    return text;
  }

  TestCa ca;
  TemporaryFolder folder;
  std::vector<tls::CertificateFiles> pairs;
};

std::unique_ptr<ServerContext> context_of(CertificateSet::Ptr set,
                                          TransportKind kind = TransportKind::tcp) {
  return ServerContext::make(kind, {.certificates = set, .alpn = alpn_of(kind)}).value();
}

std::string common_name(const X509* of) {
  std::array<char, 64> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(of), NID_commonName, name.data(), 64);
  return name.data();
}

std::string error_of(const Store& store) {
  const auto set = CertificateSet::load(store.pairs);
  return set ? "" : set.error();
}

}  // namespace

TEST_CASE("a certificate is chosen by its exact name, then by a wildcard, else it is the first") {
  Store store;
  store.add({.names = "DNS:first.example"});
  store.add({.names = "DNS:*.example.org"});
  store.add({.names = "DNS:www.example.org,DNS:Upper.Example.ORG"});
  CHECK(store.chosen("first.example") == "0");
  CHECK(store.chosen("www.example.org") == "2");
  CHECK(store.chosen("api.example.org") == "1");
  CHECK(store.chosen("a.b.example.org") == "0");  // a star covers one label
  CHECK(store.chosen("example.org") == "0");      // and not none
  CHECK(store.chosen(".example.org") == "0");
  CHECK(store.chosen("") == "0");
  CHECK(store.chosen("WWW.eXample.org") == "2");
  CHECK(store.chosen("www.example.org.") == "2");
  CHECK(store.chosen("upper.example.org") == "2");
  CHECK(store.chosen("other.example") == "0");
}

TEST_CASE("a star that is not the whole first label is the name of nobody") {
  Store store;
  store.add({.names = "DNS:localhost"});
  store.add({.names = "DNS:w*.example.org,DNS:*,DNS:www.*.org,DNS:127.0.0.2"});
  for (const char* name : {"www.example.org", "example", "www.example.org", "127.0.0.2"}) {
    CHECK(store.chosen(name) == "0");
  }
  CHECK(store.load()->identities()[1].names.empty());
}

TEST_CASE("of several certificates for a name the first of each type of key counts") {
  Store store;
  store.add({.names = "DNS:a.example", .key = "RSA"});
  store.add({.names = "DNS:a.example,DNS:b.example"});
  store.add({.names = "DNS:a.example"});
  store.add({.names = "DNS:b.example"});
  CHECK(store.chosen("a.example") == "0 1");
  CHECK(store.chosen("b.example") == "1");
  CHECK(store.chosen("c.example") == "0 2");  // the first, and who has just its names
}

TEST_CASE("an authority is covered when the certificate of the name that was asked for has it") {
  Store store;
  store.add({.names = "DNS:localhost,DNS:alias.example,IP:127.0.0.1,IP:::1"});
  store.add({.names = "DNS:a.example,DNS:*.a.example"});
  store.add({.names = "DNS:a.example,DNS:twin.example", .key = "RSA"});
  const auto set = store.load();
  CHECK(set->covers("localhost", "ALIAS.example."));
  CHECK(set->covers("localhost", "127.0.0.1"));
  CHECK(set->covers("localhost", "0:0::1"));
  CHECK_FALSE(set->covers("localhost", "127.0.0.2"));
  CHECK_FALSE(set->covers("localhost", "a.example"));
  CHECK(set->covers("a.example", "x.a.example"));
  CHECK_FALSE(set->covers("a.example", "x.y.a.example"));
  CHECK(set->covers("a.example", "twin.example"));
  CHECK_FALSE(set->covers("x.a.example", "twin.example"));  // the twin is not for that name
  CHECK(set->covers("unknown.example", "localhost"));       // it was shown the first
  CHECK_FALSE(set->covers("unknown.example", "unknown.example"));
}

TEST_CASE("the client's algorithms decide between ECDSA and RSA, and ECDSA wins") {
  Store store;
  store.add({.key = "RSA"});
  store.add({});
  const auto server = context_of(store.load());
  const auto client = client_context();
  const auto key_for = [&](const char* algorithms, int version) -> std::string {
    TlsPair pair(*server, client->new_ssl("localhost"));
    SSL_set_max_proto_version(pair.client_ssl.get(), version);
    REQUIRE(SSL_set1_sigalgs_list(pair.client_ssl.get(), algorithms) == 1);
    if (!pair.shake_hands()) return "none";
    return EVP_PKEY_get0_type_name(X509_get0_pubkey(SSL_get0_peer_certificate(pair.client.ssl)));
  };
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    CHECK(key_for("RSA-PSS+SHA256:ECDSA+SHA256", version) == "EC");
    CHECK(key_for("ECDSA+SHA256", version) == "EC");
    CHECK(key_for("RSA-PSS+SHA256", version) == "RSA");
    CHECK(key_for("ed25519", version) == "none");
  }
}

TEST_CASE("a set that is swapped in counts from the next handshake on, on both transports") {
  Store store, other;
  store.add({.common_name = "before"});
  other.add({.common_name = "after"});
  for (const TransportKind kind : {TransportKind::tcp, TransportKind::quic}) {
    const auto server = context_of(store.load(), kind);
    const auto client = client_context({"h2", "h3"});
    const auto shown = [&](const TlsPair& pair) {
      return common_name(SSL_get0_peer_certificate(pair.client.ssl));
    };
    TlsPair first(*server, client->new_ssl("localhost"));
    REQUIRE(first.shake_hands());
    server->use(other.load()->copy());
    TlsPair second(*server, client->new_ssl("localhost"));
    REQUIRE(second.shake_hands());
    CHECK(shown(first) == "before");
    CHECK(shown(second) == "after");
    first.client.queue.append(first.client.pool.copy("still here"));
    CHECK(first.run());
    CHECK(first.server.received == "still here");
  }
}

TEST_CASE("a chain is sent in the order of its file, and nothing is added to it") {
  Store store;
  store.add({});
  const TestCa one("One"), two("Two");
  const std::string& file = store.pairs[0].cert_file;
  write_file(file, file_text(file) + two.pem() + one.pem());
  const std::string cas = store.folder.path / "cas";
  write_file(cas, store.ca.pem());
  // The CA of the clients is the issuer of the leaf here: OpenSSL would add it.
  const auto chain_of = [&](CertificateSet::Ptr set) {
    const auto server =
        ServerContext::make(TransportKind::tcp, {.cert_file = "",
                                                 .key_file = "",
                                                 .client_auth = tls::ClientAuth::optional,
                                                 .client_ca_file = cas,
                                                 .certificates = set})
            .value();
    TlsPair pair(*server);
    REQUIRE(pair.shake_hands());
    std::string names;
    const auto* sent = SSL_get_peer_cert_chain(pair.client.ssl);
    for (int i = 1; i < sk_X509_num(sent); ++i) names += common_name(sk_X509_value(sent, i)) + " ";
    return names;
  };
  CHECK(chain_of(store.load()) == "Two One ");
  CHECK(chain_of(store.load()->copy()) == "Two One ");
  Store bare;
  bare.ca = TestCa();
  bare.add({});
  write_file(cas, bare.ca.pem());
  CHECK(chain_of(bare.load()).empty());
}

TEST_CASE("a set with one broken pair is refused, and the sentence names the file and the reason") {
  Store store;
  store.add({});
  store.add({});
  const auto [cert, key] = store.pairs[1];
  const std::string good = file_text(cert), good_key = file_text(key);
  struct Row {
    std::string cert, key, error;
  };
  for (const Row& row :
       {Row{"hello", good_key, cert + " holds no certificate"},
        {good_key, good_key, cert + " holds no certificate"},
        {good.substr(0, good.size() / 2), good_key, cert + " holds a damaged certificate"},
        {good, "hello", key + " holds no private key"},
        {good, good_key.substr(0, 60), key + " holds no private key"},
        {good, file_text(store.pairs[0].key_file),
         key + " does not belong to the first certificate in " + cert}}) {
    CAPTURE(row.error);
    write_file(cert, row.cert);
    write_file(key, row.key);
    CHECK(error_of(store).contains(row.error));
  }
  write_file(key, good_key);
  CHECK(error_of(store).empty());
  std::filesystem::remove(key);
  CHECK(error_of(store) == "The key file " + key + " cannot be read: No such file or directory.");
  std::filesystem::remove(cert);
  CHECK(error_of(store) ==
        "The certificate file " + cert + " cannot be read: No such file or directory.");
  std::filesystem::create_directory(cert);
  CHECK(error_of(store).contains("it is a folder"));
  CHECK(ServerContext::make(TransportKind::tcp, {cert, key}).error() == error_of(store));
}

TEST_CASE("sets are the same when their certificates are, wherever these come from") {
  Store store;
  store.add({});
  const auto set = store.load();
  CHECK(set->same_as(*store.load()));
  CHECK(set->same_as(*set->copy()));
  CHECK(set->holds(store.load()->identities()[0]));
  const std::string& file = store.pairs[0].cert_file;
  write_file(file, file_text(file) + store.ca.pem());
  CHECK_FALSE(set->same_as(*store.load()));
  CHECK_FALSE(set->holds(store.load()->identities()[0]));
  store.add({});
  CHECK_FALSE(set->same_as(*store.load()));
}

TEST_CASE("a copy of a set shares nothing with it") {
  Store store;
  store.add({});
  const auto set = store.load(), copy = set->copy();
  const tls::Identity &a = set->identities()[0], &b = copy->identities()[0];
  CHECK(a.leaf.get() != b.leaf.get());
  CHECK(a.key.get() != b.key.get());
  CHECK(X509_check_private_key(b.leaf.get(), b.key.get()) == 1);
  CHECK(a.names == b.names);
  CHECK(a.not_after == b.not_after);
  CHECK(copy->choose("localhost")[0] == &b);
}
