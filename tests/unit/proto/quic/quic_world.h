#pragma once
#include <memory>
#include <vector>

#include "proto/quic/client_connection.h"
#include "proto/quic/endpoint.h"
#include "script_app.h"
#include "support/sim_world.h"
#include "support/test_cert.h"
#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"

namespace troika::test {

using namespace std::chrono_literals;
using sim::Fate;
using sim::Link;
using sim::SimNetwork;
using State = quic::ClientConnection::State;

inline const tls::ServerContext& server_tls() {
  static const auto context =
      tls::ServerContext::make(tls::TransportKind::quic, {.cert_file = TestCert::get().cert_file(),
                                                          .key_file = TestCert::get().key_file(),
                                                          .alpn = {"h3"}});
  return **context;
}
inline const tls::ClientContext& client_tls(std::vector<std::string> alpn = {"h3"}) {
  static std::vector<std::unique_ptr<tls::ClientContext>> kept;
  kept.push_back(std::move(*tls::ClientContext::make(
      tls::TransportKind::quic,
      {.ca_file = TestCert::get().cert_file(), .alpn = std::move(alpn)})));
  return *kept.back();
}

inline quic::EndpointConfig endpoint_config() {
  quic::EndpointConfig config;
  config.streams_bidi = 100;
  config.stream_window = 256U << 10U;
  config.connection_window = 1U << 20U;
  for (std::size_t i = 0; i < config.secret.size(); ++i) config.secret[i] = std::byte(i * 7 + 1);
  return config;
}

struct ClientSide {
  SimNetwork::Port* port = nullptr;
  ScriptLog log;
  std::unique_ptr<quic::ClientConnection> quic;

  ScriptApp& app() { return *log.alive.front(); }
  State state() const { return quic->state(); }
};

// One endpoint and clients of it, with scripted applications, over a simulated network.
class QuicWorld {
 public:
  explicit QuicWorld(std::uint64_t seed = 1, quic::EndpointConfig config = endpoint_config())
      : world(seed), port(world.net.open(Address::v4(0x0a000001, 443))) {
    start(config);
  }

  quic::ApplicationTraits traits = script_traits();
  sim::SimWorld world;
  SimNetwork::Port& port;  // of the server
  ScriptLog log;           // of the server
  std::unique_ptr<quic::Endpoint> endpoint;
  std::vector<std::unique_ptr<ClientSide>> clients;
  quic::ClientConfig client_config{.server_name = "localhost"};

  // A new endpoint on the same address: what the old one knew is lost, but for the secret.
  void start(const quic::EndpointConfig& config, const tls::ServerContext& tls = server_tls()) {
    world.leave(port);
    endpoint.reset();
    endpoint = std::make_unique<quic::Endpoint>(
        config, world.clock, world.random, port, tls,
        quic::ApplicationFactory{traits, [this](quic::QuicStreams& quic) {
                                   return std::make_unique<ScriptApp>(quic, true, log);
                                 }});
    world.join(port, *endpoint);
  }

  Address client_address(std::size_t i) const {
    return Address::v4(0x0a000100 + static_cast<std::uint32_t>(i), 40000);
  }

  // The link applies to both ways.
  ClientSide& connect(const Link& link = {}, const tls::ClientContext& tls = client_tls()) {
    return connect_from(client_address(clients.size() + 1), link, tls);
  }
  ClientSide& connect_from(const Address& address, const Link& link = {},
                           const tls::ClientContext& tls = client_tls()) {
    ClientSide& client = *clients.emplace_back(std::make_unique<ClientSide>());
    client.port = &world.net.open(address);
    world.net.both_ways(client.port->address(), port.address(), link);
    auto made = quic::ClientConnection::make(
        client_config, client.port->address(), port.address(), world.clock, world.random,
        *client.port, tls, {traits, [&client](quic::QuicStreams& quic) {
                              return std::make_unique<ScriptApp>(quic, false, client.log);
                            }});
    client.quic = std::move(*made);
    world.join(*client.port, *client.quic);
    return client;
  }

  bool establish(ClientSide& client, Duration limit = 30s) {
    return world.run_until([&] { return client.state() != State::handshake; }, limit) &&
           client.state() == State::established;
  }
  bool run_until(const std::function<bool()>& done, Duration limit = 60s) {
    return world.run_until(done, limit);
  }
  bool ask(ClientSide& client, const std::string& text, Duration limit = 60s) {
    client.app().ask(text);
    const std::size_t count = client.app().asked.size() + 1;
    return run_until([&] { return client.app().answered(count); }, limit);
  }
  ScriptApp& server_app(std::size_t i = 0) { return *log.alive.at(i); }

  Link& to_server(const ClientSide& client) {
    return world.net.link(client.port->address(), port.address());
  }
  Link& to_client(const ClientSide& client) {
    return world.net.link(port.address(), client.port->address());
  }
  std::size_t sent_by_server() const {
    std::size_t count = 0;
    for (const sim::Sent& each : world.net.log()) count += each.from == port.address() ? 1U : 0U;
    return count;
  }
  // Raw bytes at the server, as if from the network.
  void inject(std::span<const std::byte> bytes, const Address& from, std::size_t segment = 0) {
    endpoint->receive(
        {.local = port.address(), .remote = from, .bytes = bytes, .segment_bytes = segment},
        world.clock.now());
    flush();
  }
  void flush() {
    while (endpoint->flush(world.clock.now())) {
    }
  }
};

}  // namespace troika::test
