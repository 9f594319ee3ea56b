// Certificates on real sockets: swapped under load, asked of clients, and what they cover.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "base/text.h"
#include "server/certificate_watch.h"
#include "support/cert_maker.h"
#include "support/live_client.h"
#include "support/live_group.h"
#include "support/live_load.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

bool long_run() { return std::getenv("TROIKA_LONG") != nullptr; }

// A group that serves a folder's pair, whose files are watched by the loop of the client.
struct SwapRig {
  SwapRig() { put(first); }

  void put(const PemPair& pem) const {
    put_file(folder.path() / "a.pem", pem.cert);
    put_file(folder.path() / "a.key", pem.key);
  }
  void wait(std::move_only_function<bool()> done) {
    client.wait([&] {
      load.go_on();
      return done();
    });
  }
  // What a new connection is shown; it is asked for the page, too.
  std::string serial(Protocol protocol) {
    shown.clear();
    client::Connection& connection = *must(client->connect(protocol, group.address, "localhost"));
    wait([&] { return connection.ready() || connection.closed(); });
    REQUIRE(connection.ready());
    client::Fetch& fetch = client.get(connection);
    wait([&] { return fetch.done(); });
    CHECK(fetch.status() == 200);
    client->drop(fetch);
    client->drop(connection);
    return shown;
  }

  std::string put_ca() const {
    put_file(other.path() / "ca.pem", ca.pem());
    put(first);
    return other.path() / "ca.pem";
  }

  TestCa ca;
  PemPair first = ca.make({});
  TemporaryFolder folder, other;
  std::string ca_file = put_ca();
  LiveGroup group{2, {}, [&](Config& options) {
                    options.tls.certificates.clear();
                    options.tls.certs_folder = folder.path();
                  }};
  std::string shown;
  LiveClient client{{.ca_file = ca_file,
                     .on_server_certificate = [&](const std::string& serial) { shown = serial; }}};
  std::vector<std::string> lines;
  CertificateKeeper keeper{client->loop().clock(), group.startup().certificates};
  SlowThread thread{client->loop()};
  CertificateWatch watch{client->loop(),
                         long_run() ? Config::Tls{}.look : Duration(std::chrono::milliseconds(50)),
                         [this] { return keeper.look(); },
                         thread,
                         [this](const auto& changed) { group.workers().use_certificates(changed); },
                         [&](const std::string& line) { lines.push_back(line); }};
  LiveLoad load{client, group.address};
};

}  // namespace

// 200 swaps, as often as the program looks, when TROIKA_LONG is set.
TEST_CASE("certificates are swapped under load: no request fails, new connections see new ones") {
  const int swaps = long_run() ? 200 : 5;
  const Duration soon = long_run() ? Duration(std::chrono::seconds(2)) : kPatience;
  SwapRig rig;
  std::string before = rig.first.serial;
  CHECK(rig.serial(Protocol::h2) == before);
  CHECK(rig.serial(Protocol::h3) == before);
  Duration slowest{};
  for (int i = 1; i <= swaps; ++i) {
    CAPTURE(i);
    if (i % 3 == 2) {  // a pair that is none, in between
      put_file(rig.folder.path() / "a.pem", rig.ca.make({}).cert);
      const std::size_t told = rig.lines.size();
      rig.wait([&] { return rig.lines.size() > told; });
      CHECK(rig.lines.back().contains("a.key does not belong to the first certificate in"));
      for (const auto& [protocol, name] : kProtocols) CHECK(rig.serial(protocol) == before);
      CHECK(rig.lines.size() == told + 1);
    }
    const PemPair pem = rig.ca.make({});
    const std::uint64_t served = rig.load.served;
    const TimePoint start = rig.client->loop().clock().now();
    rig.put(pem);
    for (const Protocol protocol : {Protocol::h2, Protocol::h3}) {
      for (;;) {
        const Duration begun = rig.client->loop().clock().now() - start;
        if (rig.serial(protocol) == pem.serial) break;
        REQUIRE(begun < soon);
        slowest = std::max(slowest, begun);
      }
    }
    CHECK(rig.serial(Protocol::h1) == pem.serial);
    CHECK(rig.load.served > served);
    CHECK(rig.load.failed == 0);
    CHECK(rig.lines.back().starts_with("new certificates: localhost until "));
    before = pem.serial;
  }
  CHECK(rig.lines.size() == static_cast<std::size_t>(swaps + (swaps + 1) / 3));
  if (long_run()) {
    WARN(formatted("{} requests served; the last old one was shown after {}", rig.load.served,
                   std::chrono::duration_cast<std::chrono::milliseconds>(slowest)));
  }
}

namespace {

struct AuthRig {
  explicit AuthRig(tls::ClientAuth auth)
      : group(2, {}, [&](Config& options) {
          put_file(folder.path() / "clients.pem", clients.pem());
          options.tls.client_ca = folder.path() / "clients.pem";
          options.tls.client_auth = auth;
        }) {}

  // "200", or why the connection was closed.
  std::string ask(Protocol protocol, const std::optional<PemPair>& shown) {
    client::Client::Options options{.ca_file = test_certificate().ca_file};
    if (shown) {
      put_file(folder.path() / "client.pem", shown->cert);
      put_file(folder.path() / "client.key", shown->key);
      options.cert_file = folder.path() / "client.pem";
      options.key_file = folder.path() / "client.key";
    }
    LiveClient client(options);
    client::Connection& connection = client.connect(protocol, group.address);
    if (connection.closed()) return std::string(connection.close_reason().detail);
    client::Fetch& fetch = client.get(connection);
    client.wait([&] { return connection.closed() || (fetch.done() && !fetch.failed()); });
    const std::string end = fetch.status() != 0 ? std::to_string(fetch.status())
                                                : std::string(connection.close_reason().detail);
    client->drop(fetch);
    return end;
  }

  TestCa clients{"Clients"};
  TemporaryFolder folder;
  LiveGroup group;
};

const CertSpec kClient{.names = "", .usage = "clientAuth"};
const CertSpec kForServers{.names = "", .usage = "serverAuth"};

}  // namespace

// On TCP what the client has written meanwhile may fail before it reads the alert, which the tests
// of tls look at.
TEST_CASE("a client certificate is asked for over every protocol, and a bad one has its alert") {
  for (const auto auth : {tls::ClientAuth::required, tls::ClientAuth::optional}) {
    const bool required = auth == tls::ClientAuth::required;
    AuthRig rig(auth);
    const PemPair foreign = TestCa("Stranger").make(kClient);
    for (const auto& [protocol, name] : kProtocols) {
      CAPTURE(required, name);
      CHECK(rig.ask(protocol, rig.clients.make(kClient)) == "200");
      CHECK((rig.ask(protocol, std::nullopt) == "200") == !required);
      CHECK(rig.ask(protocol, foreign) != "200");
      CHECK(rig.ask(protocol, rig.clients.make(kForServers)) != "200");
    }
    if (required) CHECK(rig.ask(Protocol::h3, std::nullopt) == "tlsv13 alert certificate required");
    CHECK(rig.ask(Protocol::h3, foreign) == "tlsv1 alert unknown ca");
    CHECK(rig.ask(Protocol::h3, rig.clients.make(kForServers)) ==
          "ssl/tls alert unsupported certificate");
  }
}
