#pragma once
#include <map>
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

// With the certificate of the tests.
inline std::unique_ptr<tls::ServerContext> make_server_tls(tls::ServerOptions options) {
  options.cert_file = TestCert::get().cert_file();
  options.key_file = TestCert::get().key_file();
  if (options.alpn.empty()) options.alpn = {"h3"};
  return tls::ServerContext::make(tls::TransportKind::quic, options).value();
}
inline const tls::ServerContext& server_tls() {
  static const auto context = make_server_tls({});
  return *context;
}
inline const tls::ClientContext& client_tls(const std::vector<std::string>& alpn = {"h3"}) {
  static std::map<std::vector<std::string>, std::unique_ptr<tls::ClientContext>> kept;
  auto& context = kept[alpn];
  if (context == nullptr) {
    context = tls::ClientContext::make(tls::TransportKind::quic,
                                       {.ca_file = TestCert::get().cert_file(), .alpn = alpn})
                  .value();
  }
  return *context;
}

inline quic::EndpointConfig endpoint_config() {
  quic::EndpointConfig config;
  config.streams_bidi = 100;
  config.stream_window = 256U << 10U;
  config.connection_window = 1U << 20U;
  for (std::size_t i = 0; i < config.secret.size(); ++i) config.secret[i] = std::byte(i * 7 + 1);
  return config;
}
template <class Change>
quic::EndpointConfig endpoint_config(Change change) {
  quic::EndpointConfig config = endpoint_config();
  change(config);
  return config;
}
inline quic::EndpointConfig with_retry(std::size_t above) {
  return endpoint_config([&](auto& config) { config.retry_above = above; });
}
inline quic::EndpointConfig of_worker(std::uint8_t worker, std::uint8_t workers,
                                      quic::EndpointConfig config = endpoint_config()) {
  config.worker = worker;
  config.workers = workers;
  return config;
}

inline Address with_port(Address address, std::uint16_t port) {
  address.set_port(port);
  return address;
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

  // A new endpoint on the same address: what the old one knew is lost, but for the secret. It
  // sends by `sink` (null: the port).
  void start(const quic::EndpointConfig& config, const tls::ServerContext& tls = server_tls(),
             DatagramSink* sink = nullptr) {
    world.leave(port);
    endpoint.reset();
    endpoint = std::make_unique<quic::Endpoint>(
        config, world.clock, world.random, sink == nullptr ? port : *sink, tls,
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
    client.quic = std::move(*make_client(address, *client.port, client.log, tls));
    world.join(*client.port, *client.quic);
    return client;
  }
  // On no network yet.
  Result<std::unique_ptr<quic::ClientConnection>> make_client(
      const Address& local, DatagramSink& sink, ScriptLog& of_client,
      const tls::ClientContext& tls = client_tls()) {
    return quic::ClientConnection::make(
        client_config, local, port.address(), world.clock, world.random, sink, tls,
        {traits, [&of_client](quic::QuicStreams& quic) {
           return std::make_unique<ScriptApp>(quic, false, of_client);
         }});
  }
  ClientSide& connect_and_establish(const Link& link = {},
                                    const tls::ClientContext& tls = client_tls()) {
    ClientSide& client = connect(link, tls);
    REQUIRE(establish(client));
    return client;
  }
  // And quiet, with all acknowledgements in.
  ClientSide& connect_and_settle() {
    ClientSide& client = connect_and_establish();
    REQUIRE(run_until([&] { return log.handshakes == 1; }));
    world.run_for(2s);
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
  // Asks for so many bytes of pattern(), and gets them.
  bool download(ClientSide& client, std::size_t bytes, Duration limit = 60s) {
    return ask(client, "send " + std::to_string(bytes), limit) &&
           client.app().answer(client.app().asked.size() - 1).bytes == pattern(bytes);
  }
  // What the client gets for its next visit, for the clients to come.
  void keep_token(const ClientSide& client) {
    REQUIRE(run_until([&] { return !client.quic->token().empty(); }));
    client_config.token.assign(client.quic->token().begin(), client.quic->token().end());
  }
  // The client's NAT gives it another port.
  void rebind(const ClientSide& client, std::uint16_t to) {
    world.net.rebind(client.port->address(), with_port(client.port->address(), to));
  }
  // True once nothing is left of any connection.
  bool close(const ClientSide& client) {
    client.quic->close(traits.no_error, world.clock.now());
    return run_until([&] { return endpoint->objects() == 0; });
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
