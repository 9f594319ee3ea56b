#pragma once
// The project's own client, for servers on real sockets. What does not come in time throws, so that
// it may be used on any thread.
#include <array>
#include <stdexcept>
#include <string>

#include "client/client.h"
#include "support/live_server.h"

namespace troika::test {

inline constexpr Duration kPatience = std::chrono::seconds(30);

struct NamedProtocol {
  client::Protocol protocol;
  const char* name;
};
// Those of a TLS port.
inline constexpr std::array<NamedProtocol, 3> kProtocols{
    {{client::Protocol::h1, "h1"}, {client::Protocol::h2, "h2"}, {client::Protocol::h3, "h3"}}};

class LiveClient {
 public:
  struct Answer {
    std::uint16_t status;
    HeaderMap headers;
    std::string body;
    bool whole;
  };

  explicit LiveClient(const client::Client::Options& options = {test_certificate().ca_file})
      : client_(must(client::Client::make(options))) {}

  Duration patience = kPatience;

  client::Client& operator*() { return *client_; }
  client::Client* operator->() { return client_.get(); }

  void wait(std::move_only_function<bool()> done) {
    if (!client_->run_until(std::move(done), patience)) throw std::runtime_error("not in time");
  }
  // Until it is ready, or closed.
  client::Connection& connect(client::Protocol protocol, const Address& server,
                              const std::string& host = "localhost",
                              std::span<const std::byte> resumption = {}) {
    client::Connection& made = *must(client_->connect(protocol, server, host, resumption));
    wait([&] { return made.ready() || made.closed(); });
    return made;
  }
  client::Fetch& get(client::Connection& connection, client::Fetch::Sink sink = {}) {
    return client_->fetch(connection, client::make_request("GET", "localhost", "/"), nullptr,
                          std::move(sink));
  }
  // A request and its whole answer; the connection stays.
  Answer ask(client::Connection& connection,
             const Request& request = client::make_request("GET", "localhost", "/")) {
    if (!connection.ready()) throw std::runtime_error("no connection");
    client::Fetch& fetch = client_->fetch(connection, request);
    wait([&] { return fetch.done(); });
    Answer answer{fetch.status(), fetch.has_head() ? fetch.headers() : HeaderMap{},
                  std::move(fetch.body), !fetch.failed()};
    client_->drop(fetch);
    return answer;
  }
  // A pattern of that size comes whole, on a connection of its own.
  bool gets_pattern(client::Protocol protocol, const Address& server, std::uint64_t size) {
    PatternCheck check;
    client::Connection& connection = connect(protocol, server);
    if (!connection.ready()) return false;
    client::Fetch& fetch = get(connection, [&](std::span<const std::byte> b) { check(b); });
    wait([&] { return fetch.done(); });
    return !fetch.failed() && check.same && check.at == size;
  }

 private:
  std::unique_ptr<client::Client> client_;
};

}  // namespace troika::test
