// --keylog over TCP and QUIC, as somebody with a packet capture needs it.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "client/client.h"
#include "server/key_log_file.h"
#include "support/live_server.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

std::multiset<std::string> labels_in(const std::filesystem::path& file) {
  std::multiset<std::string> labels;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) labels.insert(line.substr(0, line.find(' ')));
  return labels;
}

}  // namespace

TEST_CASE("The key log has what decrypts a connection over TCP and one over QUIC") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "keys";
  const auto log = must(KeyLogFile::open(file));
  const auto give_log = [&](WorkerConfig& config) {
    tls::ServerOptions tls{.cert_file = test_certificate().cert_file,
                           .key_file = test_certificate().key_file,
                           .key_log = log.get()};
    tls.alpn = {"h2", "http/1.1"};
    config.tls_tcp = must(tls::ServerContext::make(tls::TransportKind::tcp, tls));
    tls.alpn = {"h3"};
    config.tls_quic = must(tls::ServerContext::make(tls::TransportKind::quic, tls));
  };
  LiveServer server(
      [](Loop&, BufferPool&) { return Site{.handler = std::make_unique<ScriptedHandler>()}; },
      give_log);
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  std::size_t connections = 0;
  for (const client::Protocol protocol : {client::Protocol::h2, client::Protocol::h3}) {
    client::Connection& made = *must(client->connect(protocol, server.address, "localhost"));
    REQUIRE(client->run_until([&] { return made.ready() || made.closed(); }, kPatience));
    const client::Fetch& fetch = client->fetch(made, client::make_request("GET", "localhost", "/"));
    REQUIRE(client->run_until([&] { return fetch.done(); }, kPatience));
    CHECK(fetch.status() == 200);
    ++connections;
    const auto whole = [&] {
      std::this_thread::yield();
      const auto labels = labels_in(file);
      return labels.count("CLIENT_HANDSHAKE_TRAFFIC_SECRET") == connections &&
             labels.count("SERVER_HANDSHAKE_TRAFFIC_SECRET") == connections &&
             labels.count("CLIENT_TRAFFIC_SECRET_0") == connections &&
             labels.count("SERVER_TRAFFIC_SECRET_0") == connections;
    };
    // Its writer has a thread of its own.
    const auto end = std::chrono::steady_clock::now() + kPatience;
    bool complete = false;
    while (!complete && std::chrono::steady_clock::now() < end) complete = whole();
    CHECK(complete);
  }
}
