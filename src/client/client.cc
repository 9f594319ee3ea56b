#include "client/client.h"

#include <algorithm>
#include <utility>

#include "loop/tcp_stream.h"
#include "ports/transport.h"

namespace troika::client {

Checked<std::unique_ptr<Client>> Client::make(const Options& options) {
  std::unique_ptr<Client> client(new Client);
  client->times_ = options.times;
  client->quic_ = options.quic;
  client->limits_ = options.limits;
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
        wanted.transport,
        {options.ca_file, wanted.alpn, options.cert_file, options.key_file,
         options.on_server_certificate, options.groups, options.ciphers, options.verify});
    if (!made) return std::unexpected(made.error());
    *wanted.context = std::move(*made);
  }
  if (options.resolver == nullptr) client->own_resolver_ = make_system_resolver(client->loop_);
  client->resolver_ = options.resolver != nullptr ? options.resolver : client->own_resolver_.get();
  return client;
}

Client::~Client() {
  for (const auto& fetch : fetches_) fetch->set_owner(nullptr);
  fetches_.clear();
  for (const auto& connection : connections_) connection->set_owner(nullptr);
  connections_.clear();
  loop_.deferred().run();
}

Checked<std::unique_ptr<Connection>> Client::open(Protocol protocol, const Address& remote,
                                                  const std::string& host,
                                                  std::span<const std::byte> resumption) {
  if (protocol == Protocol::h3) {
    quic::ClientConfig config = quic_;
    config.server_name = host;
    config.stream_window = limits_.call_window;
    config.connection_window = limits_.call_window * limits_.concurrent_streams;
    config.resumption.assign(resumption.begin(), resumption.end());
    return QuicConnection::open(loop_, services_, random_, *h3_, remote, config);
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
  return std::make_unique<TcpConnection>(std::move(transport), ssl, protocol == Protocol::h2_plain,
                                         services_, loop_.timers(), times_);
}

Checked<Connection*> Client::connect(Protocol protocol, const Address& remote,
                                     const std::string& host,
                                     std::span<const std::byte> resumption) {
  auto made = open(protocol, remote, host, resumption);
  if (!made) return std::unexpected(made.error());
  return &own(std::move(*made));
}

Connection& Client::connect(Protocol protocol, const Name& to, const std::string& host,
                            std::span<const std::byte> resumption) {
  return own(std::make_unique<Race>(
      to, *resolver_, loop_.clock(), loop_.timers(), times_.resolving,
      [this, protocol, host, last = std::vector(resumption.begin(), resumption.end())](
          const Address& address) { return open(protocol, address, host, last); }));
}

Connection& Client::own(std::unique_ptr<Connection> connection) {
  Connection& added = *connection;
  added.place = connections_.insert(connections_.end(), std::move(connection));
  added.set_owner(this);
  dirty_.add(added);
  return added;
}

void Client::drop(Connection& connection) {
  for (Fetch* const fetch : std::exchange(connection.waiting, {})) {
    fetch->waits_for = nullptr;
    fetch->fail(AbortReason::cancelled, connection.step());
  }
  connection.set_owner(nullptr);
  dirty_.remove(connection);
  connections_.erase(connection.place);
}

Fetch& Client::fetch(Connection& connection, const Request& request,
                     std::unique_ptr<BodySource> body, Fetch::Sink sink,
                     const FetchOptions& options) {
  auto made = std::make_unique<Fetch>(request, std::move(body), std::move(sink), options.timeouts);
  Fetch& fetch = *made;
  fetch.place = fetches_.insert(fetches_.end(), std::move(made));
  fetch.set_owner(this);
  fetch.early = options.early;
  if (options.limit != kUnlimited) {
    fetch.limit.emplace(loop_.timers(), [&fetch] {
      const Connection* const before = fetch.waits_for;
      fetch.fail(AbortReason::timeout, before != nullptr ? before->step() : CallStep::send);
    });
    fetch.limit->set(loop_.clock().now() + options.limit);
  }
  if (!fetch.begin_if_ready(connection)) {
    fetch.waits_for = &connection;
    connection.waiting.push_back(&fetch);
  }
  return fetch;
}

void Client::drop(Fetch& fetch) {
  if (fetch.waits_for != nullptr) std::erase(fetch.waits_for->waiting, &fetch);
  fetch.set_owner(nullptr);
  dirty_fetches_.remove(fetch);
  fetches_.erase(fetch.place);
}

bool Client::flush() {
  dirty_.run([this](Connection& connection) { return flush(connection); });
  // Reading gives credit, which the connections must then send.
  const bool more = dirty_fetches_.run([](Fetch& fetch) {
    fetch.pump();
    return false;
  });
  return more || !dirty_.empty();
}

bool Client::flush(Connection& connection) {
  ++flushes_;
  const bool more = connection.flush(loop_.clock().now());
  std::erase_if(connection.waiting, [&](Fetch* fetch) {
    if (!fetch->done() && !fetch->begin_if_ready(connection)) return false;
    fetch->waits_for = nullptr;
    return true;
  });
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
