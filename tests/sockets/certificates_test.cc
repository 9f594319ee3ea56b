// Certificates on real sockets: swapped under load, asked of clients, and what they cover.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "client/client.h"
#include "server/certificate_watch.h"
#include "support/cert_maker.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);
constexpr Protocol kProtocols[] = {Protocol::h1, Protocol::h2, Protocol::h3};

bool long_run() { return std::getenv("TROIKA_LONG") != nullptr; }

// Requests without end over every protocol, each on the connection that it began with.
class Load {
 public:
  Load(client::Client& client, const Address& server) : client_(client) {
    for (const Protocol protocol : kProtocols) {
      for (int i = 0; i < 3; ++i) {
        members_.push_back({must(client.connect(protocol, server, "localhost"))});
      }
    }
    REQUIRE(client.run_until(
        [&] {
          return std::ranges::all_of(members_, [](auto& m) { return m.connection->ready(); });
        },
        kPatience));
  }
  // After each turn of the loop.
  void go_on() {
    for (Member& member : members_) {
      if (member.fetch != nullptr) {
        if (!member.fetch->done()) continue;
        ++(member.fetch->failed() || member.fetch->status() != 200 ? failed : served);
        client_.drop(*member.fetch);
        member.fetch = nullptr;
      }
      if (!member.connection->ready()) {
        ++failed;
        continue;
      }
      member.fetch =
          &client_.fetch(*member.connection, client::make_request("GET", "localhost", "/"));
    }
  }

  std::uint64_t served = 0, failed = 0;

 private:
  struct Member {
    client::Connection* connection;
    client::Fetch* fetch = nullptr;
  };
  client::Client& client_;
  std::vector<Member> members_;
};

// A group that serves a folder's pair, whose files are watched by the loop of the client.
struct SwapRig {
  SwapRig() { put(first); }

  void put(const PemPair& pem) const {
    put_file(folder.path() / "a.pem", pem.cert);
    put_file(folder.path() / "a.key", pem.key);
  }
  bool run_until(std::move_only_function<bool()> done) {
    return client->run_until(
        [&] {
          load.go_on();
          return done();
        },
        kPatience);
  }
  // What a new connection is shown; it is asked for the page, too.
  std::string serial(Protocol protocol) {
    shown.clear();
    client::Connection* const connection =
        must(client->connect(protocol, group.address, "localhost"));
    REQUIRE(run_until([&] { return connection->ready() || connection->closed(); }));
    REQUIRE(connection->ready());
    client::Fetch& fetch =
        client->fetch(*connection, client::make_request("GET", "localhost", "/"));
    REQUIRE(run_until([&] { return fetch.done(); }));
    CHECK(fetch.status() == 200);
    client->drop(fetch);
    client->drop(*connection);
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
  std::unique_ptr<client::Client> client = must(client::Client::make(
      {.ca_file = ca_file,
       .on_server_certificate = [&](const std::string& serial) { shown = serial; }}));
  std::vector<std::string> lines;
  CertificateWatch watch{
      client->loop(), long_run() ? Config::Tls{}.look : Duration(std::chrono::milliseconds(50)),
      [keeper = CertificateKeeper(client->loop().clock(), group.startup().certificates)]() mutable {
        return keeper.look();
      },
      group.workers(), [&](const std::string& line) { lines.push_back(line); }};
  Load load{*client, group.address};
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
      REQUIRE(rig.run_until([&] { return rig.lines.size() > told; }));
      CHECK(rig.lines.back().contains("a.key does not belong to the first certificate in"));
      for (const Protocol protocol : kProtocols) CHECK(rig.serial(protocol) == before);
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
    WARN(std::format("{} requests served; the last old one was shown after {}", rig.load.served,
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
    const auto client = must(client::Client::make(options));
    client::Connection* const connection =
        must(client->connect(protocol, group.address, "localhost"));
    REQUIRE(
        client->run_until([&] { return connection->ready() || connection->closed(); }, kPatience));
    if (connection->closed()) return std::string(connection->close_reason().detail);
    client::Fetch& fetch =
        client->fetch(*connection, client::make_request("GET", "localhost", "/"));
    REQUIRE(client->run_until(
        [&] { return connection->closed() || (fetch.done() && !fetch.failed()); }, kPatience));
    const std::string end = fetch.status() != 0 ? std::to_string(fetch.status())
                                                : std::string(connection->close_reason().detail);
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
TEST_CASE("a client certificate is required over every protocol, and refused with its alert") {
  AuthRig rig(tls::ClientAuth::required);
  for (const Protocol protocol : kProtocols) {
    CAPTURE(static_cast<int>(protocol));
    CHECK(rig.ask(protocol, rig.clients.make(kClient)) == "200");
    CHECK(rig.ask(protocol, std::nullopt) != "200");
    CHECK(rig.ask(protocol, TestCa("Stranger").make(kClient)) != "200");
    CHECK(rig.ask(protocol, rig.clients.make(kForServers)) != "200");
  }
  CHECK(rig.ask(Protocol::h3, std::nullopt) == "tlsv13 alert certificate required");
  CHECK(rig.ask(Protocol::h3, TestCa("Stranger").make(kClient)) == "tlsv1 alert unknown ca");
  CHECK(rig.ask(Protocol::h3, rig.clients.make(kForServers)) ==
        "ssl/tls alert unsupported certificate");
}

TEST_CASE("a client certificate is optional over every protocol, and a bad one is refused") {
  AuthRig rig(tls::ClientAuth::optional);
  for (const Protocol protocol : kProtocols) {
    CAPTURE(static_cast<int>(protocol));
    CHECK(rig.ask(protocol, rig.clients.make(kClient)) == "200");
    CHECK(rig.ask(protocol, std::nullopt) == "200");
    CHECK(rig.ask(protocol, TestCa("Stranger").make(kClient)) != "200");
  }
  CHECK(rig.ask(Protocol::h3, TestCa("Stranger").make(kClient)) == "tlsv1 alert unknown ca");
}

TEST_CASE("handlers of TLS connections know what their certificate covers, of plain ones all") {
  const auto say = [](RequestContext context, Responder& responder) {
    const AuthorityCheck* const check = context.services.authority;
    const auto covers = [&](std::string_view host) {
      return check == nullptr || check->covers(context.peer.security.server_name, host);
    };
    ResponseHead head;
    head.headers.add("x-covered", std::format("{:d}{:d}{:d}", covers("localhost"),
                                              covers("127.0.0.1"), covers("example.org")));
    head.headers.add("x-client", context.peer.security.client_name);
    std::ignore = responder.respond(std::move(head), nullptr);
    return nullptr;
  };
  LiveServer server([&](Loop&, BufferPool&) {
    auto handler = std::make_unique<ScriptedHandler>();
    handler->answer = say;
    return Site{.handler = std::move(handler)};
  });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  for (const Protocol protocol : {Protocol::h1, Protocol::h2, Protocol::h3, Protocol::h1_plain}) {
    const bool plain = protocol == Protocol::h1_plain;
    client::Connection* const connection =
        must(client->connect(protocol, plain ? server.plain : server.address, "localhost"));
    REQUIRE(client->run_until([&] { return connection->ready(); }, kPatience));
    client::Fetch& fetch = client->fetch(
        *connection, client::make_request("GET", "localhost", "/", plain ? "http" : "https"));
    REQUIRE(client->run_until([&] { return fetch.done(); }, kPatience));
    CHECK(fetch.headers().get("x-covered") == (plain ? "111" : "110"));
    client->drop(fetch);
  }
}
