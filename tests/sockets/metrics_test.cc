// The pages for who watches over a server, asked as they are asked.
#include "server/metrics_server.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "os/bind.h"
#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

struct Rig {
  LiveClient::Answer get(const std::string& path, const char* method = "GET") {
    return client.ask(client.connect(Protocol::h1_plain, address),
                      client::make_request(method, "localhost", path));
  }

  LiveGroup group{2};
  Fd socket = must(TcpListener::bind(must(Address::parse("127.0.0.1:0")), {}));
  Address address = bound_address(socket.get());
  ProcessBoard board;
  MetricsServer server{
      [this] {
        std::vector<Fd> sockets;
        sockets.push_back(std::move(socket));
        return sockets;
      }(),
      {.count = [this](WorkerGroup::Counted done) { group.workers().count(std::move(done)); },
       .process = [this] { return board.get(); },
       .workers = 2}};
  LiveClient client;
};

}  // namespace

TEST_CASE("Requests over each protocol show up in the metrics") {
  Rig rig;
  for (const auto& [protocol, name] : kProtocols) {
    CHECK(rig.client.ask(rig.client.connect(protocol, rig.group.address)).status == 200);
  }
  // HTTP/3 counts a response once it has been acknowledged.
  std::string body;
  for (int i = 0; i < 200 && !body.contains("proto=\"3\",code=\"200\"} 1"); ++i) {
    body = rig.get("/metrics").body;
  }
  for (const char* const line : {"proto=\"1.1\",code=\"200\"} 1", "proto=\"2\",code=\"200\"} 1",
                                 "proto=\"3\",code=\"200\"} 1"}) {
    CAPTURE(line);
    CHECK(body.contains(line));
  }
}

TEST_CASE("A server is live while its workers turn, and ready until it stops") {
  Rig rig;
  CHECK(rig.get("/live").status == 200);
  CHECK(rig.get("/ready").status == 200);
  CHECK(rig.get("/ready", "HEAD").status == 200);
  CHECK(rig.get("/ready", "POST").status == 405);
  CHECK(rig.get("/").status == 404);
  rig.board.set([](ProcessCounts& counts) { counts.draining = true; });
  const auto answer = rig.get("/ready");
  CHECK(answer.status == 503);
  CHECK(answer.body == "the server is stopping\n");
}

TEST_CASE("A worker that hangs makes the server not live; the metrics of all come late, but come") {
  Loop loop;
  BufferPool pool;
  LiveGroup group(1);
  const auto site = [&](const SiteServices& services) {
    return Site{.handler = make_metrics_handler(services,
                                                {.count = [](const WorkerGroup::Counted&) {},
                                                 .process = [] { return ProcessCounts{}; },
                                                 .workers = 1},
                                                std::chrono::milliseconds(20))};
  };
  LiveServer server(site);
  LiveClient client;
  const auto get = [&](const char* path) {
    return client.ask(client.connect(Protocol::h2, server.address),
                      client::make_request("GET", "localhost", path));
  };
  CHECK(get("/live").status == 503);
  const auto late = get("/metrics");
  CHECK(late.status == 200);
  CHECK(late.body.contains("troika_build_info"));
}
