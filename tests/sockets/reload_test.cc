// A new configuration in the place of the one in use, on real sockets, under load.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "base/text.h"
#include "os/bind.h"
#include "server/reload.h"
#include "support/cert_maker.h"
#include "support/live_client.h"
#include "support/live_group.h"
#include "support/live_load.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

constexpr unsigned kWorkers = 2;
constexpr Duration kDrain = std::chrono::seconds(5);

bool long_run() { return std::getenv("TROIKA_LONG") != nullptr; }

Address free_address(const char* ip = "127.0.0.1:0") {
  Address address = must(Address::parse(ip));
  address.set_port(must(free_port({&address, 1})));
  return address;
}

// A server of a folder, and the loop that reloads it, which is the client's.
struct ReloadRig {
  ReloadRig() { next.listen = group.startup().addresses.listen; }

  std::string prepare() const {
    put_file(site.path() / "index.html", "one");
    put_file(folder.path() / "a.pem", pem.cert);
    put_file(folder.path() / "a.key", pem.key);
    put_file(folder.path() / "ca.pem", ca.pem());
    return folder.path() / "ca.pem";
  }

  // The outcome, once it has come.
  Reloader::Outcome reload() {
    std::optional<Reloader::Outcome> outcome;
    reloader.reload([&](const Reloader::Outcome& told) { outcome = told; });
    wait([&] { return outcome.has_value(); });
    group.workers().ask([](Worker&) {});  // they have it by now
    return *outcome;
  }
  void wait(std::move_only_function<bool()> done) {
    client.wait([&] {
      if (load) load->go_on();
      return done();
    });
  }
  client::Connection& connect(Protocol protocol, const Address& address) {
    client::Connection& made = *must(client->connect(protocol, address, "localhost"));
    wait([&] { return made.ready() || made.closed(); });
    return made;
  }
  std::string body(client::Connection& connection) { return client.ask(connection).body; }

  TestCa ca;
  PemPair pem = ca.make({});
  TemporaryFolder site, folder;
  std::string ca_file = prepare();
  Config next;  // what is read at the next reload
  LiveGroup group{kWorkers,
                  [](Startup& startup) {
                    for (WorkerConfig& worker : startup.workers) worker.timeouts.drain = kDrain;
                  },
                  [&](Config& config) {
                    config.tls.certificates = {{folder.path() / "a.pem", folder.path() / "a.key"}};
                    serve_files(config).root = site.path();
                    next = config;
                  }};
  std::string shown;
  LiveClient client{{.ca_file = ca_file,
                     .on_server_certificate = [&](const std::string& serial) { shown = serial; }}};
  std::optional<LiveLoad> load;
  std::vector<std::string> lines;
  std::string wrong;  // with the next configuration; empty: nothing
  int reads = 0;
  SlowThread thread{client->loop()};
  Reloader reloader{
      {.loop = client->loop(),
       .thread = thread,
       .workers = group.workers(),
       .addresses = group.startup().addresses,
       .drain = kDrain,
       .make = [this](const BoundAddresses& now,
                      const std::vector<Address>& leaving) -> Checked<NextGeneration> {
         ++reads;
         if (!wrong.empty()) return std::unexpected(wrong);
         return next_generation(next, next, now, leaving, kWorkers, *group.startup().to);
       },
       .use = [](const NextGeneration&) {},
       .tell = [](const Reloader::Outcome&, unsigned) {},
       .say = [this](const std::string& line) { lines.push_back(line); }}};
};

}  // namespace

TEST_CASE("A reload changes the site for the next request of an open connection") {
  ReloadRig rig;
  const TemporaryFolder other;
  put_file(other.path() / "index.html", "two");
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    client::Connection& connection = rig.connect(protocol, rig.group.address);
    serve_files(rig.next).root = rig.site.path();
    CHECK(rig.reload().done);
    CHECK(rig.body(connection) == "one");
    serve_files(rig.next).root = other.path();
    const auto outcome = rig.reload();
    CHECK(outcome.text ==
          formatted("reloaded: generation {} with 1 site", rig.reloader.generation()));
    CHECK(rig.body(connection) == "two");
  }
}

TEST_CASE(
    "A configuration that is wrong changes nothing, and the next is read as if none had been") {
  ReloadRig rig;
  client::Connection& connection = rig.connect(Protocol::h2, rig.group.address);
  rig.wrong = "no such thing";
  CHECK(rig.reload().text == "not reloaded: no such thing");
  rig.wrong.clear();
  serve_files(rig.next).root = rig.site.path() / "missing";
  // A new address is bound before the folder is looked at: it is given back.
  const Address added = free_address();
  rig.next.listen.push_back(added);
  const auto outcome = rig.reload();
  CHECK(!outcome.done);
  CHECK(outcome.text.contains("missing does not exist"));
  CHECK(probe_bind(SocketKind::tcp, added));
  CHECK(rig.reloader.generation() == 1);
  CHECK(rig.body(connection) == "one");
  serve_files(rig.next).root = rig.site.path();
  CHECK(rig.reload().done);
  CHECK(rig.body(rig.connect(Protocol::h3, added)) == "one");
  CHECK(rig.lines.size() == 3);
}

TEST_CASE("Reloads that pile up are one, and each who asked hears") {
  ReloadRig rig;
  int told = 0;
  for (int i = 0; i < 10; ++i) {
    rig.reloader.reload([&](const Reloader::Outcome& outcome) { told += outcome.done ? 1 : 0; });
  }
  rig.wait([&] { return told == 10; });
  CHECK(rig.reads == 2);  // the first, and one for the nine that came meanwhile
  CHECK(rig.reloader.generation() == 3);
  rig.reloader.reload([&](const Reloader::Outcome& outcome) { told += outcome.done ? 1 : 100; });
  rig.reloader.end();
  rig.reloader.reload([&](const Reloader::Outcome& outcome) { told += outcome.done ? 1 : 100; });
  CHECK(told == 210);
}

TEST_CASE("An address that comes is served; one that goes ends its connections gently") {
  ReloadRig rig;
  const Address second = free_address();
  rig.next.listen.push_back(second);
  CHECK(rig.reload().done);
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    CHECK(rig.body(rig.connect(protocol, second)) == "one");
  }
  client::Connection& first_h3 = rig.connect(Protocol::h3, rig.group.address);
  client::Connection& h1 = rig.connect(Protocol::h1, second);
  client::Connection& h2 = rig.connect(Protocol::h2, second);
  client::Connection& h3 = rig.connect(Protocol::h3, second);
  rig.next.listen.pop_back();
  CHECK(rig.reload().done);
  rig.wait([&] { return h1.closed() && h2.closed() && h3.closed(); });
  CHECK(rig.body(first_h3) == "one");
  // Nobody listens there any more, but QUIC's socket says so until the drain is over.
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    CHECK(rig.connect(protocol, second).closed());
  }
  rig.next.listen.push_back(second);
  CHECK(rig.reload().text.contains(second.text() + " was removed a moment ago"));
  const TimePoint until = rig.client->loop().clock().now() + kDrain + std::chrono::seconds(2);
  rig.wait([&] { return rig.client->loop().clock().now() >= until; });
  CHECK(rig.reload().done);
  CHECK(rig.body(rig.connect(Protocol::h3, second)) == "one");
}

TEST_CASE("What cannot change while a server runs is refused by name") {
  const Config running;
  const BoundAddresses now{.listen = {*Address::parse("127.0.0.1:1")}, .plain = {}};
  const Operator nobody;
  const auto refusal = [&](void (*change)(Config&)) {
    Config next;
    change(next);
    return next_generation(running, next, now, {}, 1, nobody).error();
  };
  CHECK(refusal([](Config& c) { c.workers = 3; }) ==
        "the number of workers (--workers) cannot change while the server runs: restart it to "
        "change that");
  CHECK(refusal([](Config& c) { c.user = "x"; }).starts_with("the user (--user) cannot"));
  CHECK(refusal([](Config& c) { c.memory = 1; }).starts_with("the memory (--memory) cannot"));
  CHECK(refusal([](Config& c) { c.log.access = "x"; }).starts_with("the access log"));
}

// Until 10^6 requests are done and 100 reloads, when TROIKA_LONG is set.
TEST_CASE("Sites, certificates and listeners are reloaded under load: no request fails") {
  ReloadRig rig;
  const int reloads = long_run() ? 100 : 6;
  const std::uint64_t requests = long_run() ? 1'000'000 : 500;
  const TemporaryFolder other;
  put_file(other.path() / "index.html", "two");
  const Address second = free_address();
  rig.load.emplace(rig.client, rig.group.address);
  const Config usual = rig.next;
  for (int i = 1; i <= reloads; ++i) {
    CAPTURE(i);
    rig.next = usual;
    serve_files(rig.next).root = i % 2 == 0 ? rig.site.path() : other.path();
    serve_files(rig.next).options.headers = {{"x-reload", std::to_string(i)}};
    if (i == 1) rig.next.listen.push_back(second);
    const PemPair pem = rig.ca.make({});
    put_file(rig.folder.path() / "a.pem", pem.cert);
    put_file(rig.folder.path() / "a.key", pem.key);
    rig.wrong = i % 5 == 4 ? "broken in between" : "";
    const bool done = rig.reload().done;
    REQUIRE(done == rig.wrong.empty());
    const std::uint64_t served = rig.load->served + requests / static_cast<unsigned>(reloads);
    rig.wait([&] { return rig.load->served + rig.load->failed >= served; });
    if (!done) continue;
    rig.shown.clear();
    client::Connection& connection = rig.connect(Protocol::h3, rig.group.address);
    CHECK(rig.shown == pem.serial);
    client::Fetch& fetch = rig.client.get(connection);
    rig.wait([&] { return fetch.done(); });
    CHECK(fetch.headers().get("x-reload") == std::to_string(i));
    rig.client->drop(fetch);
    rig.client->drop(connection);
  }
  CHECK(rig.load->failed == 0);
  CHECK(rig.load->served >= requests);
}
