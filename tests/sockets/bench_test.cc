// troika bench against real servers: what it counts is what they saw.
#include <sys/socket.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "bench/run.h"
#include "os/bind.h"
#include "os/fd.h"
#include "support/live_server.h"
#include "support/responses.h"
#include "support/scripted_site.h"

using namespace troika;
using namespace troika::test;
using bench::Trouble;

namespace {

using Words = std::vector<std::string>;

bench::Tally measure(const std::string& url, Words words) {
  words.insert(words.end(), {url, "--insecure"});
  const std::vector<std::string_view> views(words.begin(), words.end());
  const auto options = bench::parse_options(views);
  if (!options) FAIL(options.error().text);
  return must(bench::measure(*options));
}

std::string url_of(const LiveServer& server, const std::string& path = "/") {
  return "https://" + server.address.text() + path;
}

const Words kProtocolOptions{"--http1.1", "--http2", "--http3"};

auto status_site(std::uint16_t status) {
  return scripted_site([status](RequestContext, Responder& responder) {
    responder.respond({.status = status, .headers = {}}, nullptr);
    return nullptr;
  });
}

// One response on each connection, on a thread of its own.
class ClosingServer {
 public:
  ClosingServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const Address any = Address::v4(INADDR_LOOPBACK, 0);
    REQUIRE(::bind(listener_.get(), any.get(), any.size()) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    thread_ = std::jthread([this] { serve(); });
  }
  ClosingServer(const ClosingServer&) = delete;
  ClosingServer& operator=(const ClosingServer&) = delete;
  ~ClosingServer() { ::shutdown(listener_.get(), SHUT_RDWR); }  // ends accept()

  Address address() const { return bound_address(listener_.get()); }

 private:
  void serve() const {
    constexpr std::string_view kResponse = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    while (const Fd client{::accept(listener_.get(), nullptr, nullptr)}) {
      std::array<char, 4096> request{};
      if (::recv(client.get(), request.data(), request.size(), 0) <= 0) continue;
      std::ignore = ::send(client.get(), kResponse.data(), kResponse.size(), MSG_NOSIGNAL);
    }
  }

  Fd listener_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("A number of requests is sent exactly, over every protocol, and all are counted") {
  for (const std::string& protocol : kProtocolOptions) {
    CAPTURE(protocol);
    LiveServer server(scripted_site());
    const bool h1 = protocol == "--http1.1";
    const auto tally = measure(url_of(server, "/a?b"), {protocol, "-n", "500", "-c", "3", "-m",
                                                        h1 ? "1" : "7", "-H", "X-Test: 1"});
    CHECK(tally.requests == 500);
    CHECK(tally.statuses[1] == 500);
    CHECK(tally.all_troubles() == 0);
    CHECK(tally.bytes == 500 * std::string_view("hello").size());
    CHECK(tally.latency.count() == 500);
    CHECK(tally.connections == 3);
    CHECK(tally.unfinished == 0);
    CHECK(tally.length > Duration::zero());
    server.stop();
    CHECK(server.observer.entries.size() == 500);
    CHECK(server.observer.entries.front().target == "/a?b");
  }
}

TEST_CASE("The same without TLS, by two threads that share the connections") {
  for (const std::string protocol : {"--http1.1", "--http2"}) {
    CAPTURE(protocol);
    LiveServer server(scripted_site());
    const auto tally = measure("http://" + server.plain.text() + "/",
                               {protocol, "-n", "101", "-c", "3", "--threads", "2"});
    CHECK(tally.requests == 101);
    CHECK(tally.connections == 3);
    CHECK(tally.threads == 2);
    server.stop();
    CHECK(server.observer.entries.size() == 101);
  }
}

TEST_CASE("A new connection for each request, over every protocol") {
  for (const std::string& protocol : kProtocolOptions) {
    CAPTURE(protocol);
    LiveServer server(scripted_site());
    const auto tally =
        measure(url_of(server), {protocol, "-n", "20", "-c", "3", "--new-connection"});
    CHECK(tally.requests == 20);
    CHECK(tally.connections == 20);
    CHECK(tally.all_troubles() == 0);
    server.stop();
    CHECK(server.observer.entries.size() == 20);
  }
}

TEST_CASE("At a rate all that is due is sent, on one connection as well") {
  LiveServer server(scripted_site());
  for (const std::string& protocol : kProtocolOptions) {
    CAPTURE(protocol);
    const auto tally = measure(url_of(server), {protocol, "-n", "50", "-r", "500", "-w", "20ms"});
    CHECK(tally.requests == 50);
    CHECK(tally.latency.count() == 50);
    CHECK(tally.connections == 1);
  }
}

TEST_CASE("More requests in flight than the server allows wait for room") {
  LiveServer server(scripted_site(),
                    [](WorkerConfig& config) { config.limits.concurrent_streams = 5; });
  for (const std::string protocol : {"--http2", "--http3"}) {
    CAPTURE(protocol);
    const auto tally = measure(url_of(server), {protocol, "-n", "200", "-m", "50"});
    CHECK(tally.requests == 200);
    CHECK(tally.all_troubles() == 0);
  }
}

TEST_CASE("Error statuses are responses, and trouble too") {
  for (const std::string& protocol : kProtocolOptions) {
    CAPTURE(protocol);
    LiveServer server(status_site(503));
    const auto tally = measure(url_of(server), {protocol, "-n", "10"});
    CHECK(tally.requests == 10);
    CHECK(tally.statuses[4] == 10);
    CHECK(tally.of(Trouble::status) == 10);
    CHECK(tally.good() == 0);
  }
}

TEST_CASE("A server that ends each connection after its response is connected to again") {
  ClosingServer server;
  const auto tally = measure("http://" + server.address().text() + "/", {"-n", "10"});
  CHECK(tally.requests == 10);
  CHECK(tally.connections == 10);
  CHECK(tally.all_troubles() == 0);
}

TEST_CASE("Nothing listens: the run ends at once, and says why") {
  const Address nowhere = ClosingServer().address();
  const auto tally = measure("http://" + nowhere.text() + "/", {"-c", "3"});
  CHECK(tally.requests == 0);
  CHECK(tally.of(Trouble::connect) == 3);
  CHECK(!tally.reasons[static_cast<std::size_t>(Trouble::connect)].empty());
}

TEST_CASE("A certificate that is not trusted is trouble with TLS") {
  LiveServer server(scripted_site());
  for (const std::string& protocol : kProtocolOptions) {
    CAPTURE(protocol);
    const std::string url = url_of(server);
    const std::array<std::string_view, 2> words{url, protocol};
    const auto tally = must(bench::measure(*bench::parse_options(words)));
    CHECK(tally.of(Trouble::tls) == 1);
    CHECK(tally.requests == 0);
  }
}

TEST_CASE("A host elsewhere is not connected to") {
  const std::array<std::string_view, 1> words{"https://192.0.2.1/"};
  const auto refused = bench::measure(*bench::parse_options(words));
  REQUIRE(!refused);
  CHECK(refused.error().contains("--i-own-this"));
}
