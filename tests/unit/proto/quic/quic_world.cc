#include "quic_world.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <utility>

#include "support/test_cert.h"

namespace troika::test {

std::unique_ptr<tls::ServerContext> make_server_tls(tls::ServerOptions options) {
  options.cert_file = TestCert::get().cert_file();
  options.key_file = TestCert::get().key_file();
  if (options.alpn.empty()) options.alpn = {"h3"};
  return tls::ServerContext::make(tls::TransportKind::quic, options).value();
}
const tls::ServerContext& server_tls() {
  static const auto context = make_server_tls({});
  return *context;
}
const tls::ClientContext& client_tls(const std::vector<std::string>& alpn) {
  static std::map<std::vector<std::string>, std::unique_ptr<tls::ClientContext>> kept;
  auto& context = kept[alpn];
  if (context == nullptr) {
    context = tls::ClientContext::make(tls::TransportKind::quic,
                                       {.ca_file = TestCert::get().cert_file(), .alpn = alpn})
                  .value();
  }
  return *context;
}
quic::EndpointConfig endpoint_config() {
  quic::EndpointConfig config;
  config.streams_bidi = 100;
  config.stream_window = 256U << 10U;
  config.connection_window = 1U << 20U;
  for (std::size_t i = 0; i < config.secret.size(); ++i) config.secret[i] = std::byte(i * 7 + 1);
  return config;
}
quic::EndpointConfig with_cubic(quic::EndpointConfig config) {
  config.congestion = quic::Congestion::cubic;
  return config;
}
quic::EndpointConfig with_retry(std::size_t above) {
  return endpoint_config([&](auto& config) { config.retry_above = above; });
}
quic::EndpointConfig of_worker(std::uint8_t worker, std::uint8_t workers,
                               quic::EndpointConfig config) {
  config.worker = worker;
  config.workers = workers;
  return config;
}

ClientSide::~ClientSide() = default;

QuicWorld::QuicWorld(std::uint64_t seed, quic::EndpointConfig config)
    : world(seed), port(world.net.open(Address::v4(0x0a000001, 443))) {
  start(config);
}
QuicWorld::~QuicWorld() = default;

void QuicWorld::start(const quic::EndpointConfig& config, const tls::ServerContext& tls,
                      DatagramSink* sink) {
  world.leave(port);
  endpoint.reset();
  quic::EndpointConfig charged = config;
  charged.account = &held;
  endpoint = std::make_unique<quic::Endpoint>(
      charged, world.clock, world.random, sink == nullptr ? port : *sink, tls,
      quic::ApplicationFactory{traits, [this](quic::QuicStreams& quic) {
                                 return std::make_unique<ScriptApp>(quic, true, log);
                               }});
  world.join(port, *endpoint);
}
ClientSide& QuicWorld::connect(const Link& link, const tls::ClientContext& tls) {
  return connect_from(client_address(clients.size() + 1), link, tls);
}
ClientSide& QuicWorld::connect_from(const Address& address, const Link& link,
                                    const tls::ClientContext& tls) {
  ClientSide& client = *clients.emplace_back(std::make_unique<ClientSide>());
  client.port = &world.net.open(address);
  world.net.both_ways(client.port->address(), port.address(), link);
  client.quic = std::move(*make_client(address, *client.port, client.log, tls));
  world.join(*client.port, *client.quic);
  return client;
}
Result<std::unique_ptr<quic::ClientConnection>> QuicWorld::make_client(
    const Address& local, DatagramSink& sink, ScriptLog& of_client, const tls::ClientContext& tls) {
  return quic::ClientConnection::make(client_config, local, port.address(), world.clock,
                                      world.random, sink, tls,
                                      {traits, [&of_client](quic::QuicStreams& quic) {
                                         return std::make_unique<ScriptApp>(quic, false, of_client);
                                       }});
}
ClientSide& QuicWorld::connect_and_establish(const Link& link, const tls::ClientContext& tls) {
  ClientSide& client = connect(link, tls);
  REQUIRE(establish(client));
  return client;
}
ClientSide& QuicWorld::connect_and_settle() {
  ClientSide& client = connect_and_establish();
  REQUIRE(run_until([&] { return log.handshakes == 1; }));
  world.run_for(2s);
  return client;
}
bool QuicWorld::establish(ClientSide& client, Duration limit) {
  return world.run_until([&] { return client.state() != State::handshake; }, limit) &&
         client.state() == State::established;
}
bool QuicWorld::ask(ClientSide& client, const std::string& text, Duration limit) {
  client.app().ask(text);
  const std::size_t count = client.app().asked.size() + 1;
  return run_until([&] { return client.app().answered(count); }, limit);
}
bool QuicWorld::download(ClientSide& client, std::size_t bytes, Duration limit) {
  return ask(client, "send " + std::to_string(bytes), limit) &&
         client.app().answer(client.app().asked.size() - 1).bytes == pattern(bytes);
}
void QuicWorld::keep_token(const ClientSide& client) {
  REQUIRE(run_until([&] { return !client.quic->token().empty(); }));
  client_config.token.assign(client.quic->token().begin(), client.quic->token().end());
}
bool QuicWorld::close(const ClientSide& client) {
  client.quic->close(traits.no_error, world.clock.now());
  return run_until([&] { return endpoint->objects() == 0; });
}
std::size_t QuicWorld::sent_by_server() const {
  std::size_t count = 0;
  for (const sim::Sent& each : world.net.log()) count += each.from == port.address() ? 1U : 0U;
  return count;
}
void QuicWorld::inject(std::span<const std::byte> bytes, const Address& from, std::size_t segment) {
  endpoint->receive(
      {.local = port.address(), .remote = from, .bytes = bytes, .segment_bytes = segment},
      world.clock.now());
  flush();
}
void QuicWorld::flush() {
  while (endpoint->flush(world.clock.now())) {
  }
}

}  // namespace troika::test
