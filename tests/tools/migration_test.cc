// Downloads whose client is ever on a new port, and once on a new address, with several workers.
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>

#include "base/text.h"
#include "support/group_counts.h"
#include "support/responses.h"
#include "support/sanitized.h"
#include "support/scripted_site.h"
#include "tools/live_relay.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSize = 7U << 20U;
constexpr std::uint64_t kBits = 4'000'000;  // a second: 14.7 s for so many bytes
constexpr Duration kAtLeast = 12s;

enum class By : std::uint8_t { own_client, curl };

struct Download {
  unsigned workers;
  By by;
  bool whole = false;
  Duration time{};
  std::uint64_t validated = 0;  // paths, of all workers
  relay::Summary relay{};
};

relay::Options delayed(const Address& server) {
  relay::Options options;
  options.listen = Address::v4(INADDR_LOOPBACK, 0);
  options.to = server;
  options.up.delay = options.down.delay = 5ms;
  return options;
}

relay::Options bad_network(const Address& server) {
  relay::Options options = delayed(server);
  options.down.bits = kBits;
  options.down.queue = {.packets = 100};
  options.rebind_port = 1s;
  options.rebind_address = {{6s, Address::v4(INADDR_LOOPBACK + 1, 0)}};
  return options;
}

bool download_by_curl(const Address& from) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "got").string();
  const std::string command = formatted(
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
  return check.same && check.at == kSize;
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
  LiveClient client;
  client.patience = 90s;
  one.whole = one.by == By::curl ? download_by_curl(relay.address)
                                 : client.gets_pattern(client::Protocol::h3, relay.address, kSize);
  one.time = clock.now() - start;
  one.relay = relay.stop();
  one.validated = sum(group, validated);
}

// All at the same time, each with a server and a relay of its own.
void run(std::vector<Download>& downloads) {
  std::vector<std::unique_ptr<LiveGroup>> groups;
  std::vector<std::future<void>> running;
  for (Download& one : downloads) {
    LiveGroup& group =
        *groups.emplace_back(std::make_unique<LiveGroup>(one.workers, [](Startup& startup) {
          for (WorkerConfig& worker : startup.workers) {
            worker.snapshot.make_site = scripted_site(with_pattern(kSize));
          }
        }));
    running.push_back(std::async(std::launch::async, [&one, &group] { run(one, group); }));
  }
  for (auto& each : running) each.get();
}

void check(const Download& one) {
  INFO(formatted("{} workers, by {}, {:.1f} s", one.workers,
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

TEST_CASE("a download over HTTP/3 is whole despite loss, delay and ever new ports") {
  constexpr std::uint64_t kSmaller = 4U << 20U;
  LiveServer server(scripted_site(with_pattern(kSmaller)));
  relay::Options options = delayed(server.address);
  options.up.loss = options.down.loss = 0.02;
  options.rebind_port = 100ms;
  LiveRelay relay(options);
  CHECK(LiveClient().gets_pattern(client::Protocol::h3, relay.address, kSmaller));
  const relay::Summary& summary = relay.stop();
  CHECK(summary.clients == 1);
  CHECK(summary.port_changes >= 2);
  CHECK(summary.up.lost > 0);
  CHECK(summary.down.lost > 0);
  CHECK(summary.up.overflow + summary.down.overflow == 0);
}
