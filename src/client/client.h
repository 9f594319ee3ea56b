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

// Connections and requests on their own loop; runs on the thread that calls run_until().
class Client {
 public:
  struct Options {
    std::string ca_file{};                // PEM; empty: the CAs that the system trusts
    std::string cert_file{}, key_file{};  // for servers that request one; empty: none
    std::function<void(const std::string& serial)> on_server_certificate{};  // at a full handshake
    std::string groups{}, ciphers{};  // as in tls::ClientOptions; empty: as in our server
    ConnectTimes times{};             // over TCP
    quic::ClientConfig quic{};        // connect() sets name and resumption
    bool verify = true;               // false: any certificate will do, and ca_file is not used
  };

  static Checked<std::unique_ptr<Client>> make(const Options& options);
  ~Client();

  // The certificate must be valid for `host`. The client owns the connection. With the `resumption`
  // of an earlier connection to this host and protocol, it is ready at once if the server accepts
  // early data. The error is one sentence.
  Checked<Connection*> connect(Protocol protocol, const Address& remote, const std::string& host,
                               std::span<const std::byte> resumption = {});
  void drop(Connection& connection);  // destroys it; drop its fetches first

  // Starts `request`; the connection must be ready. The client owns the fetch. During the handshake
  // (early data) a request that must not be replayed waits for its end.
  Fetch& fetch(Connection& connection, const Request& request,
               std::unique_ptr<BodySource> body = nullptr, Fetch::Sink sink = {},
               Early early = Early::safe_requests);
  void drop(Fetch& fetch);  // cancels it if it is not done

  // Runs the loop until done() is true; false when `limit` has passed first.
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
  CallServices services_{pool_, loop_.clock(), limits_, random_};
  ConnectTimes times_;
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
