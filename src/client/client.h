#pragma once
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/dirty_list.h"
#include "base/random.h"
#include "client/connections.h"
#include "client/fetch.h"
#include "client/race.h"
#include "client/resolver.h"
#include "http/message/limits.h"
#include "loop/loop.h"
#include "proto/quic/client_connection.h"
#include "tls/context/client_context.h"
#include "tls/transport/tls_transport.h"

namespace troika::client {

// How one request is sent, and how long it may take.
struct FetchOptions {
  Early early = Early::safe_requests;
  CallTimeouts timeouts{};
  // From fetch() to the end of the response, with the time that the connection takes to become
  // ready and that the response is paused; kUnlimited: no such limit.
  Duration limit = kUnlimited;
};

// Connections and requests on their own loop; runs on the thread that calls run_until(). What is
// idle costs nothing in a turn, so that there may be thousands of connections.
class Client final : private Connection::Owner, private Fetch::Owner {
 public:
  struct Options {
    std::string ca_file{};                // PEM; empty: the CAs that the system trusts
    std::string cert_file{}, key_file{};  // for servers that request one; empty: none
    std::function<void(const std::string& serial)> on_server_certificate{};  // at a full handshake
    std::string groups{}, ciphers{};  // as in tls::ClientOptions; empty: as in our server
    ConnectTimes times{};
    Limits limits{};
    quic::ClientConfig quic{};     // connect() sets name and resumption
    bool verify = true;            // false: any certificate will do, and ca_file is not used
    Resolver* resolver = nullptr;  // outlives the client; null: the system's
  };

  static Checked<std::unique_ptr<Client>> make(const Options& options);
  ~Client();

  // The certificate must be valid for `host`. The client owns the connection. With the `resumption`
  // of an earlier connection to this host and protocol, it is ready at once if the server accepts
  // early data. The error is one sentence.
  Checked<Connection*> connect(Protocol protocol, const Address& remote, const std::string& host,
                               std::span<const std::byte> resumption = {});
  // To whichever address of the name connects first; Connection::why() tells why none has.
  Connection& connect(Protocol protocol, const Name& to, const std::string& host,
                      std::span<const std::byte> resumption = {});
  // Destroys it, or stops connecting; drop those of its fetches first that have begun. The others
  // fail.
  void drop(Connection& connection);

  // Starts `request` when the connection is ready; if it does not become ready, the fetch fails
  // with the step that failed. During the handshake (early data) a request that must not be
  // replayed waits for its end. The client owns the fetch.
  Fetch& fetch(Connection& connection, const Request& request,
               std::unique_ptr<BodySource> body = nullptr, Fetch::Sink sink = {},
               const FetchOptions& options = {});
  // Cancels it if it is not done. What it held is free after the next turn of the loop. A sink
  // drops neither fetches nor connections.
  void drop(Fetch& fetch);

  // Runs the loop until done() is true; false when `limit` has passed first.
  bool run_until(std::move_only_function<bool()> done, Duration limit);

  BufferPool& pool() noexcept { return pool_; }
  Loop& loop() noexcept { return loop_; }
  // Flushes of single connections so far: an idle one adds none.
  std::uint64_t flushes() const noexcept { return flushes_; }

 private:
  Client() : scratch_{} {
    loop_.set_flush([this](TimePoint) { return flush(); });
  }
  bool flush();
  bool flush(Connection& connection);
  void on_dirty(Connection& connection) noexcept override { dirty_.add(connection); }
  void on_dirty(Fetch& fetch) noexcept override { dirty_fetches_.add(fetch); }
  Checked<std::unique_ptr<Connection>> open(Protocol protocol, const Address& remote,
                                            const std::string& host,
                                            std::span<const std::byte> resumption);
  Connection& own(std::unique_ptr<Connection> connection);

  BufferPool pool_;
  Loop loop_;
  SystemRandom random_;
  Limits limits_;
  CallServices services_{pool_, loop_.clock(), limits_, random_};
  ConnectTimes times_;
  quic::ClientConfig quic_;
  tls::RecordScratch scratch_;
  std::unique_ptr<tls::ClientContext> h1_, h2_, h3_;
  std::unique_ptr<Resolver> own_resolver_;
  Resolver* resolver_ = nullptr;
  std::list<std::unique_ptr<Connection>> connections_;
  std::list<std::unique_ptr<Fetch>> fetches_;
  DirtyList<Connection> dirty_;
  DirtyList<Fetch> dirty_fetches_;
  std::uint64_t flushes_ = 0;
};

// A request for https://host/target, ready for any protocol.
Request make_request(std::string_view method, const std::string& authority,
                     const std::string& target, const std::string& scheme = "https");

}  // namespace troika::client
