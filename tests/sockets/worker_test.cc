// A worker on real sockets: what it holds for readers that stop, how it ends, what it refuses.
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

#include "client/client.h"
#include "support/live_server.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr Duration kPatience = std::chrono::seconds(30);
constexpr std::uint64_t kLarge = 64U << 20U;

Site pattern_site(std::uint64_t size) {
  auto handler = std::make_unique<ScriptedHandler>();
  handler->answer = [size](RequestContext context, Responder& responder) {
    std::ignore = responder.respond({}, std::make_unique<PatternBody>(context.services.pool, size));
    return nullptr;
  };
  return {.handler = std::move(handler)};
}

struct Rig {
  explicit Rig(std::uint64_t size, std::function<void(WorkerConfig&)> tweak = {})
      : server([size](Loop&, BufferPool&) { return pattern_site(size); }, std::move(tweak)),
        client(must(client::Client::make({test_certificate().ca_file}))) {}

  client::Connection& connect(client::Protocol protocol) {
    client::Connection& made = *must(client->connect(protocol, server.address, "localhost"));
    const bool told = client->run_until([&] { return made.ready() || made.closed(); }, kPatience);
    if (!told) throw std::runtime_error("no answer to a handshake");
    return made;
  }
  client::Fetch& get(client::Connection& connection, client::Fetch::Sink sink = {}) {
    return client->fetch(connection, client::make_request("GET", "localhost", "/"), nullptr,
                         std::move(sink));
  }
  std::size_t held_by_server() {
    std::size_t held = 0;
    server.on_worker([&](const Worker& worker) { held = worker.pool().outstanding(); });
    return held;
  }

  LiveServer server;
  std::unique_ptr<client::Client> client;
};

constexpr client::Protocol kProtocols[] = {client::Protocol::h1, client::Protocol::h2,
                                           client::Protocol::h3};

}  // namespace

TEST_CASE("100 readers a protocol that stop hold at most 1 MiB each while another goes on") {
  for (const client::Protocol protocol : kProtocols) {
    DYNAMIC_SECTION("protocol " << static_cast<int>(protocol)) {
      // It is memory that counts here: no reader is to be cut off on a machine that is slow.
      Rig rig(kLarge, [](WorkerConfig& config) {
        config.timeouts.write_progress = std::chrono::minutes(10);
      });
      std::vector<client::Fetch*> stalled;
      for (int i = 0; i < 100; ++i) {
        client::Fetch& fetch = rig.get(rig.connect(protocol));
        fetch.paused = true;
        stalled.push_back(&fetch);
      }
      REQUIRE(rig.client->run_until(
          [&] { return std::ranges::all_of(stalled, [](auto* f) { return f->has_head(); }); },
          kPatience));
      PatternCheck check;
      client::Fetch& other =
          rig.get(rig.connect(protocol), [&](std::span<const std::byte> b) { check(b); });
      REQUIRE(rig.client->run_until([&] { return other.done(); }, kPatience));
      CHECK(check.at == kLarge);
      CHECK(check.same);
      CHECK(rig.held_by_server() <= 100U << 20U);
      CHECK(std::ranges::none_of(stalled, [](auto* f) { return f->done(); }));
    }
  }
}

TEST_CASE("A drain lets each download finish, takes no new request, and leaves nothing") {
  constexpr std::uint64_t kSize = 8U << 20U;
  Rig rig(kSize);
  struct Download {
    client::Connection* connection;
    client::Fetch* fetch = nullptr;
    PatternCheck check{};
  };
  std::vector<Download> downloads;
  for (const client::Protocol protocol : kProtocols) downloads.push_back({&rig.connect(protocol)});
  for (Download& d : downloads) {
    d.fetch = &rig.get(*d.connection, [&](std::span<const std::byte> b) { d.check(b); });
  }
  REQUIRE(rig.client->run_until(
      [&] {
        for (Download& d : downloads) d.fetch->paused = d.fetch->received() > 0;
        return std::ranges::all_of(downloads, [](auto& d) { return d.fetch->paused; });
      },
      kPatience));
  for (const Download& d : downloads) CHECK(d.fetch->received() <= kSize / 2);

  rig.server.begin_drain();
  for (const client::Protocol protocol : kProtocols) CHECK(rig.connect(protocol).closed());
  for (Download& d : downloads) d.fetch->paused = false;
  REQUIRE(rig.client->run_until(
      [&] { return std::ranges::all_of(downloads, [](auto& d) { return d.fetch->done(); }); },
      kPatience));
  for (const Download& d : downloads) {
    CHECK(!d.fetch->failed());
    CHECK(d.check.at == kSize);
    CHECK(d.check.same);
  }
  // The worker ends by itself; the clients only have to take notice.
  std::ignore = rig.client->run_until(
      [&] {
        return std::ranges::all_of(downloads, [](auto& d) { return d.connection->closed(); });
      },
      kPatience);
  CHECK(rig.server.join().empty());
  CHECK(rig.server.observer.entries.size() == 3);
}

TEST_CASE("What is not done at the drain deadline is cut off") {
  for (const client::Protocol protocol : kProtocols) {
    Rig rig(kLarge,
            [](WorkerConfig& config) { config.timeouts.drain = std::chrono::milliseconds(100); });
    client::Fetch& fetch = rig.get(rig.connect(protocol));
    fetch.paused = true;
    REQUIRE(rig.client->run_until([&] { return fetch.has_head(); }, kPatience));
    CHECK(rig.server.drain().empty());
    REQUIRE(rig.server.observer.entries.size() == 1);
    CHECK(rig.server.observer.entries[0].aborted != AbortReason::none);
  }
}

TEST_CASE("The limit of connections is kept at n and closes the one beyond") {
  constexpr std::size_t kMost = 3;
  for (const client::Protocol protocol : {client::Protocol::h2, client::Protocol::h3}) {
    Rig rig(10, [](WorkerConfig& config) {
      config.limits.connections = kMost;
      config.quic.connections = kMost;
    });
    std::vector<client::Connection*> made;
    for (std::size_t i = 0; i < kMost; ++i) {
      made.push_back(&rig.connect(protocol));
      CHECK(made.back()->ready());
    }
    CHECK(rig.connect(protocol).closed());
    rig.server.on_worker([&](const Worker& worker) {
      CHECK(worker.connections() == kMost);
      CHECK(worker.refused() == (protocol == client::Protocol::h2 ? 1 : 0));  // TCP's own count
    });
    for (client::Connection* connection : made) {
      client::Fetch& fetch = rig.get(*connection);
      CHECK(rig.client->run_until([&] { return fetch.done(); }, kPatience));
      CHECK(fetch.body == pattern(10));
    }
  }
}
