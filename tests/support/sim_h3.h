#pragma once
// HTTP/3 whole, client and server, in virtual time over a network that a seed decides on.
#include <memory>
#include <stdexcept>
#include <string>

#include "client/fetch.h"
#include "proto/h3/session.h"
#include "proto/quic/client_connection.h"
#include "proto/quic/endpoint.h"
#include "support/session_harness.h"
#include "support/sim_world.h"
#include "support/test_cert.h"
#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"

namespace troika::test {

class SimH3 {
 public:
  explicit SimH3(std::uint64_t seed, const sim::Link& link = {}, std::uint32_t streams = 100)
      : world(seed),
        server_port(world.net.open(Address::v4(0x0a000001, 443))),
        client_port(world.net.open(Address::v4(0x0a000002, 50000))) {
    world.net.both_ways(server_port.address(), client_port.address(), link);
    client_tls_ = *tls::ClientContext::make(tls::TransportKind::quic, client_options);
    config.streams_bidi = streams;
    config.stream_window = limits.h3_stream_window;
    config.connection_window = limits.connection_window;
    world.random.fill(config.secret);
    start_server();
  }
  SimH3(const SimH3&) = delete;
  SimH3& operator=(const SimH3&) = delete;
  ~SimH3() { leave_client(); }

  sim::SimWorld world;
  sim::SimNetwork::Port& server_port;
  sim::SimNetwork::Port& client_port;
  BufferPool pool, client_pool;
  Limits limits;
  Timeouts timeouts;
  const ExchangeTimeouts exchange_timeouts;
  ScriptedHandler handler;
  RecordingObserver observer;
  Services services{
      pool,    world.clock, limits, timeouts, make_ref<Snapshot>(handler, exchange_timeouts),
      observer};
  // A round trip may take seconds here, and what waits its turn has none to spare.
  CallTimeouts call_timeouts{.first_byte = std::chrono::hours(1),
                             .between_bytes = std::chrono::hours(1)};
  CallServices call_services{client_pool, world.clock, limits, world.random};
  // What start_server() and connect() go by.
  quic::EndpointConfig config;
  quic::ApplicationTraits traits = h3::traits(limits);
  tls::ServerOptions server_options{.cert_file = TestCert::get().cert_file(),
                                    .key_file = TestCert::get().key_file(),
                                    .alpn = {"h3"}};
  const tls::ClientOptions client_options{TestCert::get().cert_file(), {"h3"}};
  quic::ClientConfig client_config{.server_name = "localhost",
                                   .stream_window = Limits{}.call_window};
  std::unique_ptr<quic::Endpoint> endpoint;
  std::unique_ptr<quic::ClientConnection> client;
  std::vector<std::unique_ptr<client::Fetch>> fetches;

  // In place of the one that was there, of which only config and server_options are left.
  void start_server() {
    world.leave(server_port);
    endpoint.reset();
    server_tls_ = *tls::ServerContext::make(tls::TransportKind::quic, server_options);
    endpoint = std::make_unique<quic::Endpoint>(
        config, world.clock, world.random, server_port, *server_tls_,
        quic::ApplicationFactory{
            traits, [this](quic::QuicStreams& q) { return h3::make_session(services, q); }});
    world.join(server_port, *endpoint);
  }

  // In place of the one that was there.
  void connect() {
    leave_client();
    auto made = quic::ClientConnection::make(
        client_config, client_port.address(), server_port.address(), world.clock, world.random,
        client_port, *client_tls_, {h3::traits(limits), [this](quic::QuicStreams& q) {
                                      auto application = h3::make_client_session(call_services, q);
                                      h3_ = application.get();
                                      return application;
                                    }});
    if (!made) throw std::runtime_error(std::string(made.error().detail));
    client = std::move(*made);
    world.join(client_port, *client);
  }
  bool handshake(Duration limit = std::chrono::seconds(30)) {
    connect();
    return world.run_until([this] { return ready(); }, limit) && ready();
  }
  bool ready() const { return client->state() == quic::ClientConnection::State::established; }

  client::Fetch& fetch(const Request& request, std::unique_ptr<BodySource> body = nullptr,
                       client::Fetch::Sink sink = {}) {
    fetches.push_back(
        std::make_unique<client::Fetch>(request, std::move(body), std::move(sink), call_timeouts));
    fetches.back()->begin(*h3_);
    return *fetches.back();
  }
  client::Fetch& get(const std::string& target = "/") { return fetch(make_request(target)); }
  void pump() {
    for (const auto& one : fetches) one->pump();
  }
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(60)) {
    return world.run_until(
        [&] {
          pump();
          client->flush(world.clock.now());
          return done();
        },
        limit);
  }
  bool all_done() const {
    return std::ranges::all_of(fetches, [](const auto& f) { return f->done(); });
  }

  // Closes the client, waits for every state to end, and says what is left; "" for nothing.
  std::string close() {
    fetches.clear();
    if (client != nullptr && client->state() != quic::ClientConnection::State::closed) {
      client->close(0x100, world.clock.now());
    }
    world.run_for(std::chrono::seconds(1));
    leave_client();
    world.run_for(std::chrono::minutes(3));
    if (endpoint->objects() == 0 && pool.outstanding() == 0 && client_pool.outstanding() == 0) {
      return "";
    }
    return std::to_string(endpoint->objects()) + " connections, " +
           std::to_string(pool.outstanding()) + " + " + std::to_string(client_pool.outstanding()) +
           " bytes";
  }

 private:
  void leave_client() {
    world.leave(client_port);
    fetches.clear();
    client.reset();
  }

  std::unique_ptr<tls::ServerContext> server_tls_;
  std::unique_ptr<tls::ClientContext> client_tls_;
  h3::ClientApplication* h3_ = nullptr;
};

}  // namespace troika::test
