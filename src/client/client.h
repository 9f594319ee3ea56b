#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "client/fetch.h"
#include "http/message/limits.h"
#include "loop/loop.h"
#include "proto/quic/client_connection.h"
#include "tls/context/client_context.h"
#include "tls/transport/tls_transport.h"

namespace troika::client {

// Which requests go out as early data, which an attacker can replay (RFC 8470 §4).
enum class Early : std::uint8_t { none, safe_requests, all };

// Connections and requests on a loop of its own; runs on the thread that calls run_until().
class Client {
 public:
  struct Options {
    std::string ca_file;                  // empty: servers are not verified
    std::string cert_file{}, key_file{};  // shown to servers that ask; empty: nothing
    std::function<void(const std::string& serial)> on_server_certificate{};  // of a full handshake
    std::string groups{}, ciphers{};  // as tls::ClientOptions takes them; empty: those of servers
    quic::ClientConfig quic{};        // but for the name and the resumption: connect() says those
  };

  static Checked<std::unique_ptr<Client>> make(const Options& options);
  ~Client();

  // `host` is what the certificate must be for. The connection is owned by the client. With
  // `resumption`, that of an earlier one to this host and protocol, it is ready at once if the
  // server takes early data.
  Checked<Connection*> connect(Protocol protocol, const Address& remote, const std::string& host,
                               std::span<const std::byte> resumption = {});
  void drop(Connection& connection);  // destroys it; its fetches must be dropped before

  // Begins `request`; the connection must be ready. The fetch is owned by the client. While the
  // handshake goes on (early data), a request that may not be sent twice waits for its end.
  Fetch& fetch(Connection& connection, const Request& request,
               std::unique_ptr<BodySource> body = nullptr, Fetch::Sink sink = {},
               Early early = Early::safe_requests);
  void drop(Fetch& fetch);  // cancels what is not done

  // Turns the loop until `done` says so; false when the time was up first.
  bool run_until(std::move_only_function<bool()> done, Duration limit);

  BufferPool& pool() noexcept { return pool_; }
  Loop& loop() noexcept { return loop_; }

 private:
  Client() : scratch_{} {
    loop_.set_flush([this](TimePoint) { return flush(); });
  }
  bool flush();

  BufferPool pool_;
  Loop loop_;
  SystemRandom random_;
  Limits limits_;
  quic::ClientConfig quic_;
  tls::RecordScratch scratch_;
  std::unique_ptr<tls::ClientContext> h1_, h2_, h3_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Fetch>> fetches_;
  std::vector<std::pair<Connection*, Fetch*>> waiting_;  // for the end of a handshake
};

// A request for https://host/target, ready for any protocol.
Request make_request(std::string_view method, const std::string& authority,
                     const std::string& target, const std::string& scheme = "https");

}  // namespace troika::client
