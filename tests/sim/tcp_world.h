#pragma once
// Clients and the server's connections over TLS and slow links, in virtual time. A process is what
// its workers share and the TLS contexts of two of them.
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/ownership.h"
#include "client/connections.h"
#include "client/fetch.h"
#include "runtime/connection.h"
#include "server/secrets.h"
#include "support/session_harness.h"
#include "support/slow_link.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "tls/tickets/resumption.h"
#include "tls/transport/tls_transport.h"

namespace troika::tls {
class ClientContext;
}

namespace troika::sim {

inline constexpr Duration kOneWay = std::chrono::milliseconds(50);

// A server's TLS, made of the secrets in a file or of others.
struct TcpProcess {
  explicit TcpProcess(const Secrets& secrets, bool early_data = true);

  Resumption shared;
  std::array<std::unique_ptr<tls::ServerContext>, 2> workers;
};

class TcpWorld : private ConnectionOwner, private client::Connection::Owner {
 public:
  struct Visit {
    explicit Visit(const Clock& clock) : link(clock, kOneWay), began(clock.now()) {}
    SlowLink link;
    TimePoint began, first_byte{};
    std::unique_ptr<client::TcpConnection> connection;
    std::vector<std::unique_ptr<client::Fetch>> fetches;
  };

  explicit TcpWorld(std::vector<std::string> alpn = {"h2"});
  virtual ~TcpWorld();

  // A client's connection whose TCP handshake is done; its first flight leaves in the next turn.
  Visit& visit(const tls::ServerContext& server, std::span<const std::byte> resumption = {});
  Visit& visit(const tls::ServerContext& server, tls::SslPtr ssl);
  // Nothing but these bytes comes.
  Visit& replay(const tls::ServerContext& server, const std::string& flight) {
    Visit& visit = add(server);
    visit.link.inject(flight);
    return visit;
  }
  client::Fetch& fetch(Visit& visit, std::string_view method,
                       std::unique_ptr<BodySource> body = nullptr);

  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(5));
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }
  std::size_t connections() const { return connections_.size(); }

  SimClock clock;
  BufferPool pool, client_pool;
  Limits limits;
  Timeouts timeouts;
  const ExchangeTimeouts exchange_timeouts;
  test::ScriptedHandler handler;
  test::RecordingObserver observer;
  std::vector<std::string> failures;  // of handshakes
  Services services{
      pool, clock, limits, timeouts, make_ref<Snapshot>(handler, exchange_timeouts), observer};
  SeededRandom random{1};
  CallServices call_services{client_pool, clock, limits, random};
  CallTimeouts call_timeouts;

 private:
  Visit& add(const tls::ServerContext& server);
  // Until all that can happen at this time has.
  void settle();
  void on_dirty(Connection& connection) noexcept override {
    if (!std::exchange(connection.dirty, true)) dirty_.push_back(&connection);
  }
  void on_dirty(client::Connection&) noexcept override { client_dirty_ = true; }
  void on_handshake_failed(const Address&, std::string_view why) noexcept override {
    failures.emplace_back(why);
  }
  void on_done(Connection& connection) noexcept override;

  Places places_{1000};
  tls::RecordScratch scratch_{clock}, client_scratch_{clock};
  TimerQueue timers_, client_timers_;
  Deferred deferred_;
  std::unique_ptr<tls::ClientContext> context_;
  std::vector<std::unique_ptr<Visit>> visits_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> dirty_;
  bool client_dirty_ = false;
};

}  // namespace troika::sim
