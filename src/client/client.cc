#include "client/client.h"

#include <algorithm>

#include "client/connections.h"
#include "loop/tcp_stream.h"
#include "ports/transport.h"

namespace troika::client {

Checked<std::unique_ptr<Client>> Client::make(const Options& options) {
  std::unique_ptr<Client> client(new Client);
  client->times_ = options.times;
  client->quic_ = options.quic;
  struct Wanted {
    std::unique_ptr<tls::ClientContext>* context;
    tls::TransportKind transport;
    std::vector<std::string> alpn;
  };
  for (const Wanted& wanted :
       {Wanted{&client->h1_, tls::TransportKind::tcp, {"http/1.1"}},
        Wanted{&client->h2_, tls::TransportKind::tcp, {"h2"}},
        Wanted{&client->h3_, tls::TransportKind::quic, {h3::traits(client->limits_).alpn}}}) {
    auto made = tls::ClientContext::make(
        wanted.transport, {options.ca_file, wanted.alpn, options.cert_file, options.key_file,
                           options.on_server_certificate, options.groups, options.ciphers,
                           options.verify});
    if (!made) return std::unexpected(made.error());
    *wanted.context = std::move(*made);
  }
  return client;
}

Client::~Client() {
  fetches_.clear();
  connections_.clear();
  loop_.deferred().run();
}

Checked<Connection*> Client::connect(Protocol protocol, const Address& remote,
                                     const std::string& host,
                                     std::span<const std::byte> resumption) {
  if (protocol == Protocol::h3) {
    quic::ClientConfig config = quic_;
    config.server_name = host;
    config.stream_window = limits_.call_window;
    config.connection_window = limits_.call_window * limits_.concurrent_streams;
    config.resumption.assign(resumption.begin(), resumption.end());
    auto made = QuicConnection::open(loop_, services_, random_, *h3_, remote, config);
    if (!made) return std::unexpected(made.error());
    connections_.push_back(std::move(*made));
    return connections_.back().get();
  }
  auto stream = TcpStream::connect(loop_, remote);
  if (!stream) return std::unexpected(std::string(stream.error().detail));
  std::unique_ptr<Transport> transport;
  const SSL* ssl = nullptr;
  if (protocol == Protocol::h1_plain || protocol == Protocol::h2_plain) {
    transport = std::make_unique<PlainTransport>(std::move(*stream));
  } else {
    const tls::ClientContext& context = protocol == Protocol::h1 ? *h1_ : *h2_;
    tls::SslPtr made = context.new_ssl(host, resumption);
    ssl = made.get();
    transport = tls::make_tls_transport(std::move(*stream), std::move(made), scratch_);
  }
  connections_.push_back(std::make_unique<TcpConnection>(std::move(transport), ssl,
                                                         protocol == Protocol::h2_plain, services_,
                                                         loop_.timers(), times_));
  return connections_.back().get();
}

void Client::drop(Connection& connection) {
  std::erase_if(waiting_, [&](const auto& w) { return w.first == &connection; });
  std::erase_if(connections_, [&](const auto& c) { return c.get() == &connection; });
}

Fetch& Client::fetch(Connection& connection, const Request& request,
                     std::unique_ptr<BodySource> body, Fetch::Sink sink, Early early) {
  const bool safe =
      body == nullptr && (request.method == Method::get || request.method == Method::head ||
                          request.method == Method::options);
  const bool now = !connection.security().handshaking || early == Early::all ||
                   (early == Early::safe_requests && safe);
  fetches_.push_back(std::make_unique<Fetch>(connection.session(), request, std::move(body),
                                             std::move(sink), now));
  if (!now) waiting_.emplace_back(&connection, fetches_.back().get());
  return *fetches_.back();
}

void Client::drop(Fetch& fetch) {
  std::erase_if(waiting_, [&](const auto& w) { return w.second == &fetch; });
  std::erase_if(fetches_, [&](const auto& f) { return f.get() == &fetch; });
}

bool Client::flush() {
  bool more = false;
  std::erase_if(waiting_, [](const auto& waiting) {
    const auto& [connection, fetch] = waiting;
    if (!connection->closed() && connection->security().handshaking) return false;
    fetch->begin();
    return true;
  });
  for (const auto& connection : connections_) more |= connection->flush(loop_.clock().now());
  // Reading gives credit, which the connections must then send.
  for (const auto& fetch : fetches_) more |= fetch->pump();
  return more;
}

bool Client::run_until(std::move_only_function<bool()> done, Duration limit) {
  return loop_.run_until(std::move(done), limit);
}

Request make_request(std::string_view method, const std::string& authority,
                     const std::string& target, const std::string& scheme) {
  Request request;
  request.method = method_from(method);
  request.method_text = method;
  request.scheme = scheme;
  request.authority = authority;
  request.target.raw = target;
  return request;
}

}  // namespace troika::client
