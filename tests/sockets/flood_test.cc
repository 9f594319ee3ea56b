// A flood of handshakes that nobody finishes; interop/flood.sh is the same at its full size.
#include "tools/flood/flood.h"

#include <catch2/catch_test_macros.hpp>
#include <future>
#include <numeric>

#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr Duration kPatience = 20s;
constexpr std::uint64_t kClients = 400;

std::uint64_t retries(Worker& worker) { return worker.quic().retries_sent; }
std::uint64_t refused(Worker& worker) { return worker.quic().refused; }

std::uint64_t sum(const std::vector<std::uint64_t>& all) {
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0});
}

void ask(client::Client& client, client::Connection& connection) {
  client::Fetch& fetch = client.fetch(connection, client::make_request("GET", "localhost", "/"));
  REQUIRE(client.run_until([&] { return fetch.done(); }, kPatience));
  CHECK(fetch.status() == 200);
  client.drop(fetch);
}

client::Connection& connect(client::Client& client, const Address& server) {
  client::Connection& connection = *must(client.connect(client::Protocol::h3, server, "localhost"));
  REQUIRE(client.run_until([&] { return connection.ready(); }, kPatience));
  return connection;
}

}  // namespace

TEST_CASE("A flood of Initials raises Retry, and clients old and new are served all the same") {
  LiveGroup group(2, [](Startup& startup) {
    for (WorkerConfig& worker : startup.workers) {
      worker.quic.retry_above = 20;
      worker.quic.handshake_timeout = 3s;
    }
  });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  client::Connection& kept = connect(*client, group.address);
  ask(*client, kept);
  CHECK(sum(group.each(retries)) == 0);

  flood::Flood flooding(group.address);
  auto over = std::async(std::launch::async, [&] {
    for (std::uint64_t i = 0; i < kClients; ++i) flooding.begin_one();
  });
  do {
    ask(*client, kept);
    ask(*client, connect(*client, group.address));
  } while (over.wait_for(Duration::zero()) != std::future_status::ready);
  // Both workers ask for Retry now, and a client gets through that as well.
  for (int i = 0; i < 4; ++i) ask(*client, connect(*client, group.address));
  over.get();
  flooding.collect();
  CHECK(flooding.counts().clients == kClients);
  CHECK(flooding.counts().failed == 0);
  CHECK(flooding.counts().retries > kClients / 2);
  CHECK(sum(group.each(retries)) >= flooding.counts().retries);
  CHECK(sum(group.each(refused)) == 0);

  const SystemClock clock;
  const TimePoint patience = clock.now() + kPatience;
  bool off = false;
  while (!off && clock.now() < patience) off = flooding.served_without_retry(8, 1s);
  CHECK(off);
  ask(*client, kept);
  group.drain(*client);
}
