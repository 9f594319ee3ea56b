// A worker on real sockets: what it holds for readers that stop, how it ends, what it refuses.
#include <catch2/catch_test_macros.hpp>

#include "support/live_client.h"
#include "support/responses.h"
#include "support/scripted_site.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::uint64_t kLarge = 64U << 20U;

struct Rig {
  explicit Rig(std::uint64_t size, const std::function<void(WorkerConfig&)>& tweak = {})
      : server(scripted_site(with_pattern(size)), tweak) {}

  client::Connection& connect(client::Protocol protocol) {
    return client.connect(protocol, server.address);
  }
  // Of which nothing is read after its head.
  client::Fetch& stalled(client::Protocol protocol) {
    client::Fetch& fetch = client.get(connect(protocol));
    fetch.set_paused(true);
    return fetch;
  }

  LiveServer server;
  LiveClient client;
};

}  // namespace

TEST_CASE("100 readers a protocol that stop hold at most 1 MiB each while another goes on") {
  for (const auto& [protocol, name] : kProtocols) {
    DYNAMIC_SECTION(name) {
      // It is memory that counts here: no reader is to be cut off on a machine that is slow.
      Rig rig(kLarge, [](WorkerConfig& config) {
        config.snapshot.timeouts.write_progress = std::chrono::minutes(10);
      });
      std::vector<client::Fetch*> stalled;
      for (int i = 0; i < 100; ++i) stalled.push_back(&rig.stalled(protocol));
      rig.client.wait(
          [&] { return std::ranges::all_of(stalled, [](auto* f) { return f->has_head(); }); });
      CHECK(rig.client.gets_pattern(protocol, rig.server.address, kLarge));
      rig.server.on_worker(
          [](const Worker& worker) { CHECK(worker.pool().outstanding() <= 100U << 20U); });
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
  for (const auto& [protocol, name] : kProtocols) downloads.push_back({&rig.connect(protocol)});
  const auto until_all = [&](const auto& what) {  // which each is asked in each turn
    rig.client.wait([&] { return std::ranges::count_if(downloads, what) == 3; });
  };
  for (Download& d : downloads) {
    d.fetch = &rig.client.get(*d.connection, [&](std::span<const std::byte> b) { d.check(b); });
  }
  until_all([](Download& d) {
    d.fetch->set_paused(d.fetch->received() > 0);
    return d.fetch->paused();
  });
  for (const Download& d : downloads) CHECK(d.fetch->received() <= kSize / 2);

  rig.server.begin_drain();
  for (const auto& [protocol, name] : kProtocols) CHECK(rig.connect(protocol).closed());
  for (Download& d : downloads) d.fetch->set_paused(false);
  until_all([](Download& d) { return d.fetch->done(); });
  for (const Download& d : downloads) {
    CHECK(!d.fetch->failed());
    CHECK(d.check.at == kSize);
    CHECK(d.check.same);
  }
  // The worker ends by itself; the clients only have to take notice.
  until_all([](Download& d) { return d.connection->closed(); });
  CHECK(rig.server.join().empty());
  CHECK(rig.server.observer.entries.size() == 3);
}

TEST_CASE("What is not done at the drain deadline is cut off") {
  for (const auto& [protocol, name] : kProtocols) {
    Rig rig(kLarge,
            [](WorkerConfig& config) { config.timeouts.drain = std::chrono::milliseconds(100); });
    const client::Fetch& fetch = rig.stalled(protocol);
    rig.client.wait([&] { return fetch.has_head(); });
    CHECK(rig.server.drain().empty());
    REQUIRE(rig.server.observer.entries.size() == 1);
    CHECK(rig.server.observer.entries[0].aborted != AbortReason::none);
  }
}

TEST_CASE("Beyond the limit of connections the longest idle one gives way") {
  constexpr std::size_t kMost = 3;
  for (const client::Protocol protocol :
       {client::Protocol::h1, client::Protocol::h2, client::Protocol::h3}) {
    Rig rig(10, [](WorkerConfig& config) {
      config.limits.connections = kMost;
      config.quic.connections = kMost;
    });
    std::vector<client::Connection*> made;
    for (std::size_t i = 0; i <= kMost; ++i) {
      made.push_back(&rig.connect(protocol));
      CHECK(rig.client.ask(*made.back()).body == pattern(10));
    }
    rig.client.wait([&] { return made.front()->closed(); });
    for (std::size_t i = 1; i <= kMost; ++i) {
      CHECK(rig.client.ask(*made[i]).body == pattern(10));
    }
  }
}

TEST_CASE("Beyond the limit of active connections a new one is closed") {
  constexpr std::size_t kMost = 3;
  Rig rig(kLarge, [](WorkerConfig& config) { config.limits.connections = kMost; });
  std::vector<client::Fetch*> downloads;
  for (std::size_t i = 0; i < kMost; ++i) {
    downloads.push_back(&rig.stalled(client::Protocol::h2));
    rig.client.wait([&] { return downloads.back()->has_head(); });
  }
  CHECK(rig.connect(client::Protocol::h2).closed());
  rig.server.on_worker([](const Worker& worker) {
    CHECK(worker.connections() == kMost);
    CHECK(worker.refused() == 1);
  });
  for (client::Fetch* const download : downloads) {
    download->set_paused(false);
    rig.client.wait([&] { return download->done(); });
    CHECK(!download->failed());
  }
}

namespace {

// Responds in the flush, as a job does that an origin's response has called back.
struct LateJob final : Job, Flushable {
  LateJob(RequestContext context, Responder& to)
      : pool(context.services.pool), queue(*context.services.flush), responder(to) {
    queue.add(*this);
  }
  ~LateJob() override { queue.remove(*this); }
  LateJob(const LateJob&) = delete;
  LateJob& operator=(const LateJob&) = delete;

  bool flush(TimePoint) override {
    if (++flushes < 3) {
      if (flushes == 1) queue.add(*this);  // in the same flush
      return flushes == 2;                 // in the next turn
    }
    std::ignore = responder.respond({}, body_of(pool, "late"));
    return false;
  }

  BufferPool& pool;
  FlushQueue& queue;
  Responder& responder;
  int flushes = 0;
};

}  // namespace

TEST_CASE("A job is flushed when it asks for it, in the same flush, in the next turn, or never") {
  LiveServer server(scripted_site([](RequestContext context, Responder& responder) {
    return std::make_unique<LateJob>(context, responder);
  }));
  LiveClient client;
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    client::Connection& connection = client.connect(protocol, server.address);
    for (int i = 0; i < 3; ++i) CHECK(client.ask(connection).body == "late");
    // One that is given up at once is not flushed after its end.
    client::Fetch& given_up = client.get(connection);
    given_up.cancel();
    client->drop(given_up);
  }
  server.stop();
}
