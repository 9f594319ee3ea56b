// A flood of handshakes that nobody finishes; interop/flood.sh is the same at its full size.
#include "tools/flood/flood.h"

#include <catch2/catch_test_macros.hpp>
#include <future>

#include "support/group_counts.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

TEST_CASE("A flood of Initials raises Retry, and clients old and new are served all the same") {
  LiveGroup group(2, [](Startup& startup) {
    for (WorkerConfig& worker : startup.workers) {
      worker.quic.retry_above = 20;
      worker.quic.handshake_timeout = 3s;
    }
  });
  constexpr std::uint64_t kClients = 400;
  LiveClient client;
  const auto connect = [&]() -> client::Connection& {
    return client.connect(client::Protocol::h3, group.address);
  };
  client::Connection& kept = connect();
  CHECK(client.ask(kept).status == 200);
  CHECK(sum(group, retries) == 0);

  flood::Flood flooding(group.address);
  auto over = std::async(std::launch::async, [&] {
    for (std::uint64_t i = 0; i < kClients; ++i) flooding.begin_one();
  });
  do {
    CHECK(client.ask(kept).status == 200);
    CHECK(client.ask(connect()).status == 200);
  } while (over.wait_for(Duration::zero()) != std::future_status::ready);
  // Both workers ask for Retry now, and a client gets through that as well.
  for (int i = 0; i < 4; ++i) CHECK(client.ask(connect()).status == 200);
  over.get();
  flooding.collect();
  CHECK(flooding.counts().clients == kClients);
  CHECK(flooding.counts().failed == 0);
  CHECK(flooding.counts().retries > kClients / 2);
  CHECK(sum(group, retries) >= flooding.counts().retries);
  CHECK(sum(group, refused) == 0);

  const SystemClock clock;
  const TimePoint patience = clock.now() + kPatience;
  bool off = false;
  while (!off && clock.now() < patience) off = flooding.served_without_retry(8, 1s);
  CHECK(off);
  CHECK(client.ask(kept).status == 200);
  group.drain(*client);
}
