#pragma once
// A server session of any protocol whose handshake is over when a test says so, and a client.
#include <functional>
#include <memory>
#include <string>

#include "client/fetch.h"
#include "support/live_client.h"

namespace troika::test {

class HandshakeStage {
 public:
  HandshakeStage(const HandshakeStage&) = delete;
  HandshakeStage& operator=(const HandshakeStage&) = delete;
  virtual ~HandshakeStage() = default;

  Bench bench;  // handler, limits, timeouts and the peer's address may be changed before open()
  BufferPool client_pool;
  CallServices client_services{client_pool, bench.clock, bench.limits, bench.random};

  // A server whose client's handshake still goes on, or is over already.
  virtual void open(bool handshaking, std::string server_name = "") = 0;
  virtual void end_handshake() = 0;
  virtual void run() = 0;   // until nothing moves
  virtual void lose() = 0;  // the server has lost its client, and is gone itself

  // Begins a request; h1 can have one at a time. A null body is none.
  client::Fetch& begin(const Request& request, std::unique_ptr<BodySource> body = nullptr) {
    ++begun;
    fetches.push_back(std::make_unique<client::Fetch>(request, std::move(body)));
    fetches.back()->begin(client());
    return *fetches.back();
  }
  client::Fetch& fetch(const Request& request, std::unique_ptr<BodySource> body = nullptr) {
    client::Fetch& one = begin(request, std::move(body));
    run();
    return one;
  }

  std::vector<std::unique_ptr<client::Fetch>> fetches;
  std::size_t begun = 0;  // requests

 protected:
  explicit HandshakeStage(std::string alpn) : bench(std::move(alpn)) {}
  virtual ClientSession& client() = 0;
};

// Runs `check` over each protocol, with a handler that gives back what it gets; afterwards nothing
// is left, and each request has its summary.
void over_each(std::span<const NamedProtocol> protocols,
               const std::function<void(HandshakeStage&)>& check);

}  // namespace troika::test
