// Downloads whose client is ever on a new port, and once on a new address, with several workers.
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>
#include <numeric>

#include "client/client.h"
#include "support/live_group.h"
#include "tools/live_relay.h"
#include "tools/pattern_site.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSize = 7U << 20U;
constexpr std::uint64_t kBits = 4'000'000;  // a second: 14.7 s for so many bytes
constexpr Duration kAtLeast = 12s, kPatience = 90s;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

enum class By : std::uint8_t { own_client, curl };

struct Download {
  unsigned workers;
  By by;
  bool whole = false;
  Duration time{};
  std::uint64_t validated = 0;  // paths, of all workers
  relay::Summary relay{};
};

relay::Options bad_network(const Address& server) {
  relay::Options options;
  options.listen = Address::v4(INADDR_LOOPBACK, 0);
  options.to = server;
  options.up.delay = options.down.delay = 5ms;
  options.down.bits = kBits;
  options.down.queue = 100;
  options.rebind_port = 1s;
  options.rebind_address = {{6s, Address::v4(INADDR_LOOPBACK + 1, 0)}};
  return options;
}

bool whole(const PatternCheck& check) { return check.same && check.at == kSize; }

bool download(const Address& from) {
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  client::Connection& connection = *must(client->connect(client::Protocol::h3, from, "localhost"));
  if (!client->run_until([&] { return connection.ready(); }, kPatience)) return false;
  PatternCheck check;
  client::Fetch& fetch =
      client->fetch(connection, client::make_request("GET", "localhost", "/"), nullptr,
                    [&](std::span<const std::byte> bytes) { check(bytes); });
  return client->run_until([&] { return fetch.done(); }, kPatience) && !fetch.failed() &&
         whole(check);
}

bool download_by_curl(const Address& from) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "got").string();
  const std::string command = std::format(
      "curl -sS --http3-only --max-time 90 --cacert '{}' -o '{}' https://localhost:{}/ --resolve "
      "localhost:{}:127.0.0.1",
      test_certificate().ca_file, file, from.port(), from.port());
  if (std::system(command.c_str()) != 0) return false;
  PatternCheck check;
  std::ifstream got(file, std::ios::binary);
  std::vector<char> piece(1U << 16U);
  while (got.read(piece.data(), static_cast<std::streamsize>(piece.size())) || got.gcount() > 0) {
    check(std::as_bytes(std::span(piece).first(static_cast<std::size_t>(got.gcount()))));
  }
  return whole(check);
}

bool curl_has_http3() {
  std::string said;
  std::FILE* const curl = popen("curl --version 2>/dev/null", "r");
  if (curl == nullptr) return false;
  for (int c = std::fgetc(curl); c != EOF; c = std::fgetc(curl)) said += static_cast<char>(c);
  return pclose(curl) == 0 && said.contains("HTTP3");
}

void run(Download& one, LiveGroup& group) {
  LiveRelay relay(bad_network(group.address));
  const SystemClock clock;
  const TimePoint start = clock.now();
  one.whole = one.by == By::curl ? download_by_curl(relay.address) : download(relay.address);
  one.time = clock.now() - start;
  one.relay = relay.stop();
  const auto validated =
      group.each<std::uint64_t>([](Worker& worker) { return worker.quic().paths_validated; });
  one.validated = std::accumulate(validated.begin(), validated.end(), std::uint64_t{0});
}

// All at the same time, each with a server and a relay of its own.
void run(std::vector<Download>& downloads) {
  std::vector<std::unique_ptr<LiveGroup>> groups;
  std::vector<std::future<void>> running;
  for (Download& one : downloads) {
    LiveGroup& group =
        *groups.emplace_back(std::make_unique<LiveGroup>(one.workers, [](Startup& startup) {
          for (WorkerConfig& worker : startup.workers) {
            worker.make_site = [](Loop&, BufferPool&) { return pattern_site(kSize); };
          }
        }));
    running.push_back(std::async(std::launch::async, [&one, &group] { run(one, group); }));
  }
  for (auto& each : running) each.get();
}

void check(const Download& one) {
  INFO(std::format("{} workers, by {}, {:.1f} s", one.workers,
                   one.by == By::curl ? "curl" : "our client",
                   std::chrono::duration<double>(one.time).count()));
  CHECK(one.whole);
  CHECK(one.time >= kAtLeast);
  CHECK(one.relay.clients == 1);
  CHECK(one.relay.port_changes >= 10);
  CHECK(one.relay.address_changes == 1);
  CHECK(one.relay.failed_changes == 0);
  CHECK(one.validated >= 11);
}

// One with each count of workers and each client.
std::vector<Download> round() {
  if (kSanitized) return {{.workers = 2, .by = By::own_client}};
  std::vector<Download> all;
  for (const unsigned workers : {1U, 2U, 4U}) {
    all.push_back({.workers = workers, .by = By::own_client});
    all.push_back({.workers = workers, .by = curl_has_http3() ? By::curl : By::own_client});
  }
  return all;
}

}  // namespace

// The relay changes the port or the address when a datagram of the client comes, never between, so
// the server hears from each new one.
TEST_CASE("A download goes on through ten new ports and a new address, on any number of workers") {
  const int rounds = std::getenv("TROIKA_LONG") != nullptr && !kSanitized ? 20 : 1;
  for (int i = 1; i <= rounds; ++i) {
    std::vector<Download> downloads = round();
    run(downloads);
    for (const Download& one : downloads) check(one);
    if (rounds > 1) std::cout << "round " << i << " of " << rounds << std::endl;
  }
}
