// A worker whose connections hold more than the process may.
#include <catch2/catch_test_macros.hpp>

#include "admission/memory.h"
#include "support/live_client.h"
#include "support/responses.h"
#include "support/scripted_site.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("Readers that stop are closed when memory is spent, and others are served again") {
  constexpr std::uint64_t kLarge = 64U << 20U;
  for (const auto& [protocol, name] : kProtocols) {
    DYNAMIC_SECTION(name) {
      const Request head = client::make_request("HEAD", "localhost", "/");
      MemoryBudget budget(4U << 20U, 1);
      LiveServer server(scripted_site(with_pattern(kLarge)), [&](WorkerConfig& config) {
        config.memory = &budget;
        config.snapshot.timeouts.write_progress = std::chrono::minutes(10);
      });
      auto client = std::make_unique<LiveClient>();
      // Until memory has been spent once. A connection that waits in the kernel's queue meanwhile
      // is served later.
      std::uint64_t shed = 0;
      for (int i = 0; i < 200 && shed == 0; ++i) {
        client::Connection& connection = client->connect(protocol, server.address);
        if (!connection.ready()) continue;
        client::Fetch& fetch = client->get(connection);
        fetch.set_paused(true);
        client->wait([&] { return fetch.has_head() || fetch.done(); });
        server.on_worker([&](const Worker& worker) { shed = worker.shed(); });
      }
      CHECK(shed > 0);
      client = std::make_unique<LiveClient>();
      client->wait([&] {  // the worker looks ten times a second
        client::Connection& connection = client->connect(protocol, server.address);
        return connection.ready() && client->ask(connection, head).status == 200;
      });
      CHECK(client->gets_pattern(protocol, server.address, kLarge));
    }
  }
}
