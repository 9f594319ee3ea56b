// Snapshots on real sockets: posted while requests run, what becomes of the sites of old ones.
#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <numeric>

#include "base/text.h"
#include "server/static_site.h"
#include "support/cert_maker.h"
#include "support/live_group.h"
#include "support/live_load.h"
#include "support/sanitized.h"
#include "support/scripted_site.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr unsigned kWorkers = 2;
constexpr std::size_t kLarge = 24U << 20U;  // more than buffers hold
constexpr std::size_t kText = 20'000;
// The files of one site in the memory of each worker, with what they are compressed to.
constexpr std::size_t kOneSite = std::size_t{kWorkers} * (128U << 10U);

bool long_run() { return std::getenv("TROIKA_LONG") != nullptr; }

// Hands all on to another handler, and is counted.
class CountedHandler final : public Handler {
 public:
  CountedHandler(std::unique_ptr<Handler> inner, std::atomic<int>& alive)
      : inner_(std::move(inner)), alive_(alive) {
    ++alive_;
  }
  CountedHandler(const CountedHandler&) = delete;
  CountedHandler& operator=(const CountedHandler&) = delete;
  ~CountedHandler() override { --alive_; }
  std::unique_ptr<Job> start(RequestContext context, Responder& responder) override {
    return inner_->start(context, responder);
  }

 private:
  std::unique_ptr<Handler> inner_;
  std::atomic<int>& alive_;
};

// A folder, served by snapshots that tell their number in each response.
struct Numbered {
  Numbered() {
    put_file(folder.path() / "index.html", std::string(kText, 't'));
    std::string large(kLarge, 0);
    for (std::size_t i = 0; i < kLarge; ++i) large[i] = pattern_byte(i);
    put_file(folder.path() / "large", large);
  }

  SnapshotSource source(int number) {
    SiteOptions options;
    options.headers = {{"number", std::to_string(number)}};
    SnapshotSource source;
    source.timeouts.write_progress = std::chrono::hours(1);  // for those that are paused
    source.make_site = [this, make = must(static_site(folder.path(), std::move(options),
                                                      {{.open_files = 256}, kWorkers}))](
                           const SiteServices& worker) {
      Site site = make(worker);
      site.handler = std::make_unique<CountedHandler>(std::move(site.handler), alive);
      return site;
    };
    return source;
  }

  TemporaryFolder folder;
  std::atomic<int> alive = 0;  // handlers
};

int number_of(const client::Fetch& fetch) {
  int number = -1;
  const std::string_view text = fetch.headers().get("number").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

std::ptrdiff_t open_descriptors() {
  return std::ranges::distance(std::filesystem::directory_iterator("/proc/self/fd"));
}

// A download that has begun and waits.
struct Download {
  client::Connection* connection;
  client::Fetch* fetch = nullptr;
  PatternCheck check{};

  void begin(LiveClient& client) {
    fetch = &client->fetch(*connection, client::make_request("GET", "localhost", "/large"), nullptr,
                           [this](std::span<const std::byte> bytes) { check(bytes); });
    client.wait([this] {
      fetch->set_paused(fetch->received() > 0);
      return fetch->paused();
    });
  }
};

std::array<Download, 3> begin_downloads(LiveClient& client, const Address& server) {
  std::array<Download, 3> downloads{};
  std::ranges::transform(kProtocols, downloads.begin(), [&](const NamedProtocol& protocol) {
    return Download{&client.connect(protocol.protocol, server)};
  });
  return downloads;
}

Request compressed() {
  Request request = client::make_request("GET", "localhost", "/");
  request.headers.add("accept-encoding", "br");
  return request;
}

struct LoadRig : Numbered {
  void post(int number) {
    group.workers().use(source(number));
    group.workers().ask([](Worker&) {});  // they have it by now
    posted = number;
  }
  void wait(std::move_only_function<bool()> done) {
    client.wait([&] {
      load.go_on();
      return done();
    });
  }
  std::size_t held() {
    const auto all = group.each<std::size_t>(
        [](Worker& worker) -> std::size_t { return worker.pool().outstanding(); });
    return std::accumulate(all.begin(), all.end(), std::size_t{0});
  }

  int posted = 0;
  LiveGroup group{kWorkers, [this](Startup& startup) {
                    for (WorkerConfig& worker : startup.workers) worker.snapshot = source(0);
                  }};
  LiveClient client;
  LiveLoad load{client, group.address, compressed(), [this]() -> LiveLoad::Verdict {
                  return [least = posted](const client::Fetch& fetch) {
                    return number_of(fetch) >= least;
                  };
                }};
};

}  // namespace

// 1,000 when TROIKA_LONG is set.
TEST_CASE("snapshots are posted under load: no request fails, running ones keep theirs") {
  const int posts = long_run() ? 1000 : 200;
  LoadRig rig;
  auto downloads = begin_downloads(rig.client, rig.group.address);
  for (Download& download : downloads) download.begin(rig.client);
  std::size_t resident = 0;
  const std::ptrdiff_t descriptors = open_descriptors();
  for (int i = 1; i <= posts; ++i) {
    rig.post(i);
    const std::uint64_t served = rig.load.served;
    rig.wait([&] { return rig.load.served >= served + 9; });
    REQUIRE(rig.load.failed == 0);
    if (i == posts / 4) resident = resident_kib();
  }
  const std::size_t grown = resident_kib() - std::min(resident, resident_kib());
  if (!kSanitized) CHECK(grown <= 16U << 10U);
  rig.client.wait([&] { return rig.load.rest(); });
  // The latest on each worker, and the first where a download is.
  rig.client.wait([&] { return rig.alive <= static_cast<int>(2 * kWorkers); });
  CHECK(rig.alive > static_cast<int>(kWorkers));
  for (Download& download : downloads) {
    CHECK(!download.fetch->done());
    CHECK(number_of(*download.fetch) == 0);
    download.fetch->set_paused(false);
  }
  rig.client.wait(
      [&] { return std::ranges::all_of(downloads, [](auto& d) { return d.fetch->done(); }); });
  for (const Download& download : downloads) {
    CHECK(!download.fetch->failed());
    CHECK(download.check.at == kLarge);
    CHECK(download.check.same);
  }
  rig.client.wait(
      [&] { return rig.alive == static_cast<int>(kWorkers) && rig.held() <= kOneSite; });
  CHECK(open_descriptors() <= descriptors + 20);  // the files of one site on each worker
  if (long_run()) {
    WARN(formatted("{} requests served; memory has grown by {} KiB", rig.load.served, grown));
  }
  rig.group.drain(*rig.client);
}

TEST_CASE("A site that serves nobody any more ends with the turn of the loop, not in the call") {
  Numbered site;
  LiveServer server(site.source(0).make_site);
  CHECK(site.alive == 1);
  server.on_worker([&](Worker& worker) {
    worker.use(site.source(1));
    CHECK(site.alive == 2);
  });
  server.on_worker([&](Worker&) { CHECK(site.alive == 1); });
}

TEST_CASE("A server that stops frees the sites of all snapshots, with requests running on each") {
  Numbered site;
  {
    LiveServer server(site.source(0).make_site);
    LiveClient client;
    std::list<std::array<Download, 3>> all;
    for (int i = 0; i < 3; ++i) {
      for (Download& download : all.emplace_back(begin_downloads(client, server.address))) {
        download.begin(client);
        CHECK(number_of(*download.fetch) == i);
      }
      server.on_worker([&](Worker& worker) { worker.use(site.source(i + 1)); });
    }
    CHECK(site.alive == 4);
  }
  CHECK(site.alive == 0);
}
