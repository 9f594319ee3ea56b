// Certificates that no client could use, and those that most would refuse.
#include "tls/certificates/identity.h"

#include "support/cert_maker.h"
#include "tls/certificates/certificate_set.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::CertificateSet;

namespace {

struct Drawer {
  Checked<CertificateSet::Ptr> load(const PemPair& pem) const {
    write_file(files.cert_file, pem.cert);
    write_file(files.key_file, pem.key);
    return CertificateSet::load(std::span(&files, 1));
  }
  std::string error(const PemPair& pem) const {
    const auto set = load(pem);
    return set ? "" : set.error();
  }
  std::vector<std::string> doubts(const CertSpec& spec) const {
    return tls::doubts_about(load(ca.make(spec)).value()->identities().front());
  }

  TestCa ca;
  TemporaryFolder folder;
  const tls::CertificateFiles files{folder.path / "a.pem", folder.path / "a.key"};
};

}  // namespace

TEST_CASE("a key on a curve that TLS has no signature for is refused, and what to do is said") {
  const Drawer drawer;
  for (const char* curve : {"secp256k1", "P-224", "brainpoolP256r1"}) {
    const std::string error = drawer.error(drawer.ca.make({.key = curve}));
    CAPTURE(curve, error);
    CHECK(error.contains(drawer.files.cert_file));
    CHECK(error.contains("make one on P-256, P-384 or P-521"));
  }
}

TEST_CASE("a client completes a handshake with each kind of key that is not refused") {
  const Drawer drawer;
  for (const char* good : {"P-256", "P-384", "P-521", "RSA", "ED25519", "ED448"}) {
    CAPTURE(good);
    const auto set = drawer.load(drawer.ca.make({.key = good})).value();
    const auto server =
        tls::ServerContext::make(tls::TransportKind::tcp, {.certificates = set}).value();
    CHECK(TlsPair(*server).shake_hands());
  }
}

TEST_CASE("a chain is as long as clients take, and not a byte longer") {
  const Drawer drawer;
  const PemPair pem = drawer.ca.make({});
  const auto set = drawer.load({pem.cert + drawer.ca.pem(), pem.key}).value();
  const tls::Identity& identity = set->identities().front();
  const std::size_t bytes = tls::chain_bytes(identity);
  CHECK(tls::check_usable(identity, bytes));
  const auto refused = tls::check_usable(identity, bytes - 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().contains(drawer.files.cert_file));
  CHECK(refused.error().contains(std::to_string(bytes)));
}

TEST_CASE("what is counted of a chain is what the list of certificates takes in the handshake") {
  const Drawer drawer;
  const PemPair pem = drawer.ca.make({});
  const auto set = drawer.load({pem.cert + drawer.ca.pem(), pem.key}).value();
  const auto server =
      tls::ServerContext::make(tls::TransportKind::tcp, {.certificates = set}).value();
  TlsPair pair(*server);
  std::size_t list = 0;  // of the Certificate message: a byte for no context, three for the length
  SSL_set_msg_callback(pair.client_ssl.get(), [](int out, int, int type, const void* bytes,
                                                 std::size_t size, SSL*, void* into) {
    const auto* const message = static_cast<const unsigned char*>(bytes);
    if (out == 0 && type == SSL3_RT_HANDSHAKE && message[0] == SSL3_MT_CERTIFICATE) {
      *static_cast<std::size_t*>(into) = size - 4 - 1 - 3;
    }
  });
  SSL_set_msg_callback_arg(pair.client_ssl.get(), &list);
  REQUIRE(pair.shake_hands());
  CHECK(tls::chain_bytes(set->identities().front()) == list);
}

TEST_CASE("a chain above 64 KiB is not loaded") {
  const Drawer drawer;
  PemPair pem = drawer.ca.make({});
  while (drawer.error(pem).empty() && pem.cert.size() < 1'000'000) {
    for (int i = 0; i < 10; ++i) pem.cert += drawer.ca.pem();
  }
  CHECK(drawer.error(pem).contains("clients accept at most 65536"));
}

TEST_CASE("a certificate that most clients will refuse is doubted, each reason once") {
  const Drawer drawer;
  CHECK(drawer.doubts({}).empty());
  CHECK(drawer.doubts({.usage = ""}).empty());
  CHECK(drawer.doubts({.usage = "clientAuth,serverAuth"}).empty());
  using Doubts = std::vector<std::string>;
  const Doubts no_name{"has no host name or address as subjectAltName: clients refuse it"};
  CHECK(drawer.doubts({.names = ""}) == no_name);
  CHECK(drawer.doubts({.names = "email:a@example.org"}) == no_name);
  const Doubts for_others{
      "is not for servers (extendedKeyUsage without serverAuth): clients refuse it"};
  CHECK(drawer.doubts({.usage = "clientAuth"}) == for_others);
  CHECK(drawer.doubts({.usage = "anyExtendedKeyUsage"}) == for_others);
  CHECK(drawer.doubts({.key = "ED25519"}) ==
        Doubts{"has a key of type ED25519: browsers refuse it"});
  CHECK(drawer.doubts({.names = "", .usage = "clientAuth"}).size() == 2);
}
