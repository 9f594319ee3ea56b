// What a request costs the worker's thread, counted. The limits are what it costs today, not what
// it should: who makes it cheaper lowers them, and nobody raises them without a reason.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "counts/counters.h"
#include "counts/data_frames.h"
#include "files/ground.h"
#include "log/access_log.h"
#include "os/writer_thread.h"
#include "server/static_site.h"
#include "support/live_server.h"
#include "tls/ossl.h"
#include "tls/transport/busy_connections.h"

namespace troika::counts {
namespace {

constexpr std::size_t kKiB = 1024, kMiB = 1024 * kKiB;

// What a request costs, in the order of kNames.
using PerRequest = std::array<double, 10>;
constexpr std::array<const char*, 10> kNames{"allocations", "turns", "controls",
                                             "receives",    "sends", "file reads",
                                             "clock reads", "locks", "blocks of libraries",
                                             "of them new"};

using Fields = std::vector<std::pair<std::string, std::string>>;

class Rig {
 public:
  explicit Rig(client::Protocol protocol) {
    ground_.write("1k", std::string(kKiB, 'x'));
    ground_.write("100k", std::string(100 * kKiB, 'x'));
    ground_.write("16m", std::string(16 * kMiB, 'x'));
    for (const char* const name : {"1k", "100k", "16m"}) ground_.set_day(name, 0);
    SiteOptions options;
    options.compress = false;
    server_ = std::make_unique<test::LiveServer>(
        test::must(static_site(ground_.root().string(), std::move(options), {})),
        [this](WorkerConfig& worker) { worker.access_log.common = &log_; });
    connection_ = &client_.connect(protocol, server_->address);
  }

  // The least of some batches: now and then a file is looked at again, which depends on how long
  // the requests take.
  PerRequest cost(const std::string& target, int requests, const Fields& fields) {
    for (int i = 0; i < 10; ++i) get(target, fields);
    PerRequest least = batch(target, requests, fields);
    for (int i = 1; i < kBatches; ++i) {
      std::ranges::transform(least, batch(target, requests, fields), least.begin(),
                             [](double a, double b) { return std::min(a, b); });
    }
    return least;
  }

  Counters counted() {
    Counters now;
    server_->on_worker([&](Worker&) { now = of_this_thread(); });
    return now;
  }
  // What nghttp2, nghttp3 and ngtcp2 have asked for, and how much of that was not kept from before.
  std::array<std::uint64_t, 2> blocks() {
    std::array<std::uint64_t, 2> now{};
    server_->on_worker([&](Worker& worker) {
      now = {worker.pool().blocks().taken(), worker.pool().blocks().made()};
    });
    return now;
  }
  std::size_t charged() {
    std::size_t bytes = 0;
    server_->on_worker([&](Worker& worker) { bytes = worker.account().held(); });
    return bytes;
  }
  void get_on_another(client::Protocol protocol, const std::string& target) {
    client::Connection& other = client_.connect(protocol, server_->address);
    REQUIRE(client_.ask(other, client::make_request("GET", "localhost", target)).whole);
  }
  void get(const std::string& target, const Fields& fields) {
    Request request = client::make_request("GET", "localhost", target);
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    REQUIRE(client_.ask(*connection_, request).whole);
  }

 private:
  static constexpr int kBatches = 5;

  PerRequest batch(const std::string& target, int requests, const Fields& fields) {
    const Counters before = counted();
    const auto blocks_before = blocks();
    for (int i = 0; i < requests; ++i) get(target, fields);
    const Counters cost = counted() - before;
    const auto [taken, made] = blocks();
    PerRequest each{};
    std::ranges::transform(
        std::array{cost.allocations, cost.waits, cost.controls, cost.receives, cost.sends,
                   cost.file_reads, cost.clock_reads, cost.locks, taken - blocks_before[0],
                   made - blocks_before[1]},
        each.begin(), [&](std::uint64_t count) { return static_cast<double>(count) / requests; });
    return each;
  }

  files::Ground ground_;
  WriterThread log_{LogOutput("/dev/null", 0600)};
  std::unique_ptr<test::LiveServer> server_;
  // With a window that a file fits into: else it is the client that stops the server.
  test::LiveClient client_{{.ca_file = test::test_certificate().ca_file,
                            .limits = {.concurrent_streams = 10, .call_window = 32 * kMiB}}};
  client::Connection* connection_ = nullptr;
};

constexpr double kAny = 1e9;  // depends on how fast the client is

struct Row {
  const char* protocol;
  const char* target;
  Fields fields;
  int requests;
  PerRequest most;
};

// The client acknowledges over QUIC when it likes, so turns and calls vary there.
const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      {"h1", "/1k", {}, 100, {9.2, 1.1, 0.1, 1.1, 1.1, 0.1, 8.2, 0.1, 0, 0}},
      {"h2", "/1k", {}, 100, {5.2, 1.1, 0.1, 1.1, 1.1, 0.1, 7.2, 0.1, 5.2, 0.1}},
      {"h3", "/1k", {}, 100, {5.2, kAny, kAny, kAny, kAny, 0.1, kAny, 0.1, 10.2, 0.1}},
      {"h1", "/100k", {}, 40, {9.2, 1.1, 0.1, 1.1, 1.1, 2.1, 8.2, 0.1, 0, 0}},
      {"h2", "/100k", {}, 40, {5.2, 1.1, 0.1, 1.1, 1.1, 2.1, 7.2, 0.1, 5.2, 0.1}},
      {"h3", "/100k", {}, 40, {5.2, kAny, kAny, kAny, kAny, 2.1, kAny, 0.1, 10.2, 0.1}},
      {"h1", "/16m", {}, 2, {100, kAny, kAny, kAny, kAny, 300, kAny, 3, 0, 0}},
      {"h2", "/16m", {}, 2, {100, kAny, kAny, kAny, kAny, 260, kAny, 3, 5.2, 0.1}},
      {"h3", "/16m", {}, 2, {100, kAny, kAny, kAny, 300, 260, kAny, 3, 30, 3}},
      {"h1", "/1k", {{"if-none-match", "*"}}, 100, {8.2, 1.1, 0.1, 1.1, 1.1, 0.1, 8.2, 0.1, 0, 0}},
      {"h2",
       "/1k",
       {{"if-none-match", "*"}},
       100,
       {6.2, 1.1, 0.1, 1.1, 1.1, 0.1, 7.2, 0.1, 5.2, 0.1}},
      {"h3",
       "/1k",
       {{"if-none-match", "*"}},
       100,
       {6.2, kAny, kAny, kAny, kAny, 0.1, kAny, 0.1, 10.2, 0.1}},
      {"h1",
       "/100k",
       {{"range", "bytes=0-99"}},
       40,
       {11.2, 1.1, 0.1, 1.1, 1.1, 1.1, 8.2, 0.1, 0, 0}},
      {"h2",
       "/100k",
       {{"range", "bytes=0-99"}},
       40,
       {9.2, 1.1, 0.1, 1.1, 1.1, 1.1, 7.2, 0.1, 5.2, 0.1}},
      {"h3",
       "/100k",
       {{"range", "bytes=0-99"}},
       40,
       {9.2, kAny, kAny, kAny, kAny, 1.1, kAny, 0.1, 10.2, 0.1}},
  };
  return table;
}

}  // namespace

TEST_CASE("A request for a kept file costs no more than it did") {
  for (const auto& [protocol, name] : files::kProtocols) {
    Rig rig(protocol);
    for (const Row& row : rows()) {
      if (std::string_view(row.protocol) != name) continue;
      const PerRequest cost = rig.cost(row.target, row.requests, row.fields);
      CAPTURE(name, row.target, row.fields, cost);
      for (std::size_t i = 0; i < cost.size(); ++i) {
        INFO(kNames[i]);
        CHECK(cost[i] <= row.most[i]);
      }
    }
  }
}

TEST_CASE("A line of the access log allocates nothing, in any format") {
  Request request = client::make_request("GET", "localhost", "/1k?a=b");
  PeerInfo peer;
  peer.remote = *Address::parse("[2001:db8:85a3::8a2e:370:7334]:50000");
  peer.security.encrypted = true;
  for (const LogFormat format : {LogFormat::text, LogFormat::combined, LogFormat::json,
                                 LogFormat::logfmt, LogFormat::caddy}) {
    AccessLines lines(format);
    std::string line;
    const auto append = [&] {
      line.clear();
      lines.append(line, {.request = request,
                          .peer = peer,
                          .status = 200,
                          .started = WallTime(std::chrono::seconds(1'700'000'000)),
                          .fields = {.user_agent = "a\x01\"\xff",
                                     .referer = "https://a/?b",
                                     .request_id = {},
                                     .traceparent = {}}});
    };
    append();
    const Counters before = of_this_thread();
    for (int i = 0; i < 10; ++i) append();
    const Counters cost = of_this_thread() - before;  // CAPTURE allocates
    CAPTURE(line);
    CHECK(cost.allocations == 0);
  }
}

TEST_CASE("A file of 16 MiB leaves in no more DATA frames than it did") {
  files::Ground ground;
  ground.write("16m", std::string(16 * kMiB, 'x'));
  ground.set_day("16m", 0);
  const auto server = files::serve(ground.root());
  const DataFrames frames = count_data_frames(server->plain, "/16m");
  CHECK(frames.bytes == 16 * kMiB);
  CHECK(frames.frames <= 1030);
}

// Once out of the page cache, then into OpenSSL's buffer, and from there to those that are sent.
TEST_CASE("Content is not gathered before it is encrypted") {
  for (const auto& [protocol, name] : files::kProtocols) {
    if (protocol == client::Protocol::h3) continue;  // its packets are smaller than what is counted
    Rig rig(protocol);
    rig.get("/16m", {});
    const Counters before = rig.counted();
    rig.get("/16m", {});
    const Counters cost = rig.counted() - before;
    CAPTURE(name, cost.copied_bytes, cost.sends);
    CHECK(static_cast<double>(cost.copied_bytes) <= 2.3 * 16 * kMiB);
  }
}

TEST_CASE("OpenSSL allocates its buffers once for a connection that is busy") {
  for (const auto& [protocol, name] : files::kProtocols) {
    Rig rig(protocol);
    rig.get("/100k", {});
    const Counters before = rig.counted();
    for (int i = 0; i < 20; ++i) rig.get("/100k", {});
    CAPTURE(name);
    CHECK((rig.counted() - before).ssl_buffers == 0);
  }
}

// See tls/ossl.h.
TEST_CASE("OpenSSL holds about as much for a connection as is charged") {
  constexpr std::size_t kConnections = 8;
  for (const auto& [protocol, name] : files::kProtocols) {
    Rig rig(protocol);
    rig.get("/1k", {});
    const Counters before = rig.counted();
    const std::size_t charged = rig.charged();
    for (std::size_t i = 0; i < kConnections; ++i) rig.get_on_another(protocol, "/1k");
    const std::size_t held = (rig.counted() - before).ssl_bytes / kConnections;
    const bool quic = protocol == client::Protocol::h3;
    const std::size_t constant = quic ? tls::kQuicMemory : tls::kBusyMemory;
    CAPTURE(name, held, constant, rig.charged() - charged);
    CHECK(held <= constant);
    CHECK(held >= constant * 3 / 4);
    CHECK(rig.charged() - charged >= kConnections * constant);
    if (quic) continue;
    // With so many more, the first ones have no buffers any more.
    constexpr std::size_t kBusy = tls::BusyConnections::kMost;
    for (std::size_t i = 0; i < kBusy; ++i) rig.get_on_another(protocol, "/1k");
    const std::size_t all = (rig.counted() - before).ssl_bytes + held;
    const std::size_t idle = (all - kBusy * held) / (1 + kConnections);
    CAPTURE(idle);
    CHECK(idle <= tls::kIdleMemory);
    CHECK(idle >= tls::kIdleMemory * 3 / 4);
  }
}

TEST_CASE("A client that reads nothing holds little memory") {
  files::Ground ground;
  ground.write("16m", std::string(16 * kMiB, 'x'));
  ground.set_day("16m", 0);
  const auto server = files::serve(ground.root());
  const auto held = [&] {
    std::size_t bytes = 0;
    server->on_worker([&](Worker& worker) { bytes = worker.pool().outstanding(); });
    return bytes;
  };
  for (const bool h2 : {false, true}) {
    while (held() != 0) {
    }
    const Fd socket = ask_and_read_nothing(server->plain, "/16m", h2);
    while (held() == 0) {
    }
    // In each of these turns the server sends what it can.
    for (int i = 0; i < 200; ++i) std::ignore = held();
    const std::size_t bytes = held();
    CAPTURE(h2);
    CHECK(bytes > 0);
    CHECK(bytes <= 200 * kKiB);
  }
}

TEST_CASE(
    "A hundred requests whose responses wait hold little memory, and none when they are gone") {
  files::Ground ground;
  ground.write("16m", std::string(16 * kMiB, 'x'));
  ground.set_day("16m", 0);
  const auto server = files::serve(ground.root());
  struct Held {
    std::size_t charged = 0, slabs = 0;
  };
  const auto held = [&] {
    Held now;
    server->on_worker(
        [&](Worker& worker) { now = {worker.account().held(), worker.pool().outstanding()}; });
    return now;
  };
  {
    const Fd socket = ask_and_let_wait(server->plain, "/16m");
    while (held().charged == 0) {
    }
    for (int i = 0; i < 200; ++i) std::ignore = held();
    const Held now = held();
    CAPTURE(now.charged, now.slabs);
    CHECK(now.charged >= 100 * kKiB);
    CHECK(now.charged <= 512 * kKiB);
    CHECK(now.slabs <= 64 * kKiB);
  }
  while (held().charged != 0) {
  }
  CHECK(held().slabs == 0);
}

}  // namespace troika::counts
