#pragma once
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/quic/client_connection.h"
#include "proto/quic/endpoint.h"
#include "script_app.h"
#include "support/sim_world.h"
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
std::unique_ptr<tls::ServerContext> make_server_tls(tls::ServerOptions options);
const tls::ServerContext& server_tls();
const tls::ClientContext& client_tls(const std::vector<std::string>& alpn = {"h3"});

quic::EndpointConfig endpoint_config();
template <class Change>
quic::EndpointConfig endpoint_config(Change change) {
  quic::EndpointConfig config = endpoint_config();
  change(config);
  return config;
}
// Slows down where packets are lost or marked, as BBR does not: a transfer lasts long enough for
// what is to happen in its midst.
quic::EndpointConfig with_cubic(quic::EndpointConfig config = endpoint_config());
quic::EndpointConfig with_retry(std::size_t above);
quic::EndpointConfig of_worker(std::uint8_t worker, std::uint8_t workers,
                               quic::EndpointConfig config = endpoint_config());

inline Address with_port(Address address, std::uint16_t port) {
  address.set_port(port);
  return address;
}

struct ClientSide {
  SimNetwork::Port* port = nullptr;
  ScriptLog log;
  std::unique_ptr<quic::ClientConnection> quic;

  ~ClientSide();
  ScriptApp& app() { return *log.alive.front(); }
  State state() const { return quic->state(); }
};

// One endpoint and clients of it, with scripted applications, over a simulated network.
class QuicWorld {
 public:
  explicit QuicWorld(std::uint64_t seed = 1, quic::EndpointConfig config = endpoint_config());
  ~QuicWorld();

  quic::ApplicationTraits traits = script_traits();
  sim::SimWorld world;
  SimNetwork::Port& port;  // of the server
  ScriptLog log;           // of the server
  Account held;            // by its connections
  std::unique_ptr<quic::Endpoint> endpoint;
  std::vector<std::unique_ptr<ClientSide>> clients;
  quic::ClientConfig client_config{.server_name = "localhost"};

  // A new endpoint on the same address: what the old one knew is lost, but for the secret. It
  // sends by `sink` (null: the port).
  void start(const quic::EndpointConfig& config, const tls::ServerContext& tls = server_tls(),
             DatagramSink* sink = nullptr);

  Address client_address(std::size_t i) const {
    return Address::v4(0x0a000100 + static_cast<std::uint32_t>(i), 40000);
  }

  // The link applies to both ways.
  ClientSide& connect(const Link& link = {}, const tls::ClientContext& tls = client_tls());
  ClientSide& connect_from(const Address& address, const Link& link = {},
                           const tls::ClientContext& tls = client_tls());
  // On no network yet.
  Result<std::unique_ptr<quic::ClientConnection>> make_client(
      const Address& local, DatagramSink& sink, ScriptLog& of_client,
      const tls::ClientContext& tls = client_tls());
  ClientSide& connect_and_establish(const Link& link = {},
                                    const tls::ClientContext& tls = client_tls());
  // And quiet, with all acknowledgements in.
  ClientSide& connect_and_settle();

  bool establish(ClientSide& client, Duration limit = 30s);
  bool run_until(const std::function<bool()>& done, Duration limit = 60s) {
    return world.run_until(done, limit);
  }
  bool ask(ClientSide& client, const std::string& text, Duration limit = 60s);
  // Asks for so many bytes of pattern(), and gets them.
  bool download(ClientSide& client, std::size_t bytes, Duration limit = 60s);
  // What the client gets for its next visit, for the clients to come.
  void keep_token(const ClientSide& client);
  // The client's NAT gives it another port.
  void rebind(const ClientSide& client, std::uint16_t to) {
    world.net.rebind(client.port->address(), with_port(client.port->address(), to));
  }
  // True once nothing is left of any connection.
  bool close(const ClientSide& client);
  ScriptApp& server_app(std::size_t i = 0) { return *log.alive.at(i); }

  Link& to_server(const ClientSide& client) {
    return world.net.link(client.port->address(), port.address());
  }
  Link& to_client(const ClientSide& client) {
    return world.net.link(port.address(), client.port->address());
  }
  std::size_t sent_by_server() const;
  // Raw bytes at the server, as if from the network.
  void inject(std::span<const std::byte> bytes, const Address& from, std::size_t segment = 0);
  void flush();
};

}  // namespace troika::test
