#include "client/client.h"

#include <algorithm>
#include <utility>

#include "ports/transport.h"

namespace troika::client {

Checked<std::unique_ptr<Client>> Client::make(const Options& options) {
  std::unique_ptr<Client> client(new Client);
  auto connector = Connector::make(client->loop_, client->pool_, options);
  if (!connector) return std::unexpected(connector.error());
  client->connector_ = std::move(*connector);
  return client;
}

Client::~Client() {
  for (const auto& fetch : fetches_) fetch->set_owner(nullptr);
  fetches_.clear();
  for (const auto& connection : connections_) connection->set_owner(nullptr);
  connections_.clear();
  loop_.deferred().run();
}

Checked<Connection*> Client::connect(Protocol protocol, const Address& remote,
                                     const std::string& host,
                                     std::span<const std::byte> resumption) {
  auto made = connector_->open(protocol, remote, host, resumption);
  if (!made) return std::unexpected(made.error());
  return &own(std::move(*made));
}

Connection& Client::connect(Protocol protocol, const Name& to, const std::string& host,
                            std::span<const std::byte> resumption) {
  return own(connector_->open(protocol, to, host, resumption));
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

bool Client::flush(TimePoint now) {
  dirty_.run([&](Connection& connection) { return flush(connection, now); });
  // Reading gives credit, which the connections must then send.
  const bool more = dirty_fetches_.run([](Fetch& fetch) {
    fetch.pump();
    return false;
  });
  return more || !dirty_.empty();
}

bool Client::flush(Connection& connection, TimePoint now) {
  ++flushes_;
  const bool more = connection.flush(now);
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
