#pragma once
// Clients and the server's connections over TLS and slow links, in virtual time. A process is what
// its workers share and the TLS contexts of two of them.
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/ownership.h"
#include "client/client.h"
#include "client/connections.h"
#include "client/fetch.h"
#include "runtime/connection.h"
#include "server/secrets.h"
#include "support/live_server.h"
#include "support/session_harness.h"
#include "support/slow_link.h"
#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "tls/tickets/resumption.h"

namespace troika::sim {

inline constexpr Duration kOneWay = std::chrono::milliseconds(50);

// A server's TLS, made of the secrets in a file or of others.
struct TcpProcess {
  explicit TcpProcess(const Secrets& secrets, bool early_data = true)
      : shared(secrets, Config::Tls{}) {
    tls::ServerOptions options{test::test_certificate().cert_file,
                               test::test_certificate().key_file};
    options.ticket_keys = &shared.tickets;
    options.alpn = {"h2", "http/1.1"};
    if (early_data) options.replays = &shared.replays;
    for (auto& worker : workers) {
      worker = test::must(tls::ServerContext::make(tls::TransportKind::tcp, options));
    }
  }

  Resumption shared;
  std::array<std::unique_ptr<tls::ServerContext>, 2> workers;
};

class TcpWorld : private ConnectionOwner {
 public:
  struct Visit {
    explicit Visit(const Clock& clock) : link(clock, kOneWay), began(clock.now()) {}
    SlowLink link;
    TimePoint began, first_byte{};
    std::unique_ptr<client::TcpConnection> connection;
    std::vector<std::unique_ptr<client::Fetch>> fetches;
  };

  explicit TcpWorld(std::vector<std::string> alpn = {"h2"})
      : context_(test::must(tls::ClientContext::make(
            tls::TransportKind::tcp, {test::test_certificate().ca_file, std::move(alpn)}))) {}
  virtual ~TcpWorld() {
    for (const auto& visit : visits_) {
      visit->fetches.clear();
      visit->connection.reset();
    }
    dirty_.clear();
    connections_.clear();
    deferred_.run();
    visits_.clear();  // with the links, which the streams of both ends point to
    CHECK(pool.outstanding() == 0);
    CHECK(client_pool.outstanding() == 0);
  }

  // A client's connection whose TCP handshake is done; its first flight leaves in the next turn.
  Visit& visit(const tls::ServerContext& server, std::span<const std::byte> resumption = {}) {
    return visit(server, context_->new_ssl("localhost", resumption));
  }
  Visit& visit(const tls::ServerContext& server, tls::SslPtr ssl) {
    Visit& visit = add(server);
    const SSL* const borrowed = ssl.get();
    visit.connection = std::make_unique<client::TcpConnection>(
        tls::make_tls_transport(visit.link.open(End::client), std::move(ssl), client_scratch_),
        borrowed, false, client_pool, limits, client_timers_, clock);
    return visit;
  }
  // Nothing but these bytes comes.
  Visit& replay(const tls::ServerContext& server, const std::string& flight) {
    Visit& visit = add(server);
    visit.link.inject(flight);
    return visit;
  }
  client::Fetch& fetch(Visit& visit, std::string_view method,
                       std::unique_ptr<BodySource> body = nullptr) {
    visit.fetches.push_back(std::make_unique<client::Fetch>(
        visit.connection->session(), client::make_request(method, "localhost", "/"),
        std::move(body)));
    return *visit.fetches.back();
  }

  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(5)) {
    const TimePoint end = clock.now() + limit;
    for (;;) {
      settle();
      if (done()) return true;
      TimePoint next = std::min(timers_.next(), client_timers_.next());
      for (const auto& visit : visits_) next = std::min(next, visit->link.next());
      if (next > end) {
        clock.advance_to(end);
        return false;
      }
      clock.advance_to(next);
      timers_.advance_to(clock.now());
      client_timers_.advance_to(clock.now());
      for (const auto& visit : visits_) visit->link.deliver();
    }
  }
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }
  std::size_t connections() const { return connections_.size(); }

  SimClock clock;
  BufferPool pool, client_pool;
  Limits limits;
  Timeouts timeouts;
  test::ScriptedHandler handler;
  test::RecordingObserver observer;
  std::vector<std::string> failures;  // of handshakes
  Services services{pool, clock, limits, timeouts, handler, observer};

 private:
  Visit& add(const tls::ServerContext& server) {
    visits_.push_back(std::make_unique<Visit>(clock));
    Visit& visit = *visits_.back();
    ConnectionOwner& owner = *this;
    connections_.push_back(std::make_unique<Connection>(
        tls::make_tls_transport(visit.link.open(End::server), server.new_ssl(), scratch_), "",
        services, timers_, owner));
    connections_.back()->place = std::prev(connections_.end());
    connections_.back()->start();
    return visit;
  }
  // Until all that can happen at this time has.
  void settle() {
    for (bool more = true; more;) {
      more = false;
      for (Connection* connection : std::exchange(dirty_, {})) {
        connection->dirty = false;
        if (connection->flush(clock.now())) on_dirty(*connection);
      }
      more = !dirty_.empty();
      for (const auto& visit : visits_) {
        if (visit->connection) more |= visit->connection->flush(clock.now());
        for (const auto& fetch : visit->fetches) more |= fetch->pump();
        const bool answered =
            std::ranges::any_of(visit->fetches, [](const auto& f) { return f->has_head(); });
        if (answered && visit->first_byte == TimePoint{}) visit->first_byte = clock.now();
      }
      deferred_.run();
    }
  }
  void on_dirty(Connection& connection) noexcept override {
    if (!std::exchange(connection.dirty, true)) dirty_.push_back(&connection);
  }
  void on_handshake_failed(const Address&, std::string_view why) noexcept override {
    failures.emplace_back(why);
  }
  void on_done(Connection& connection) noexcept override {
    if (connection.dirty) std::erase(dirty_, &connection);
    const auto place = connection.place;
    deferred_.later(std::move(*place));
    connections_.erase(place);
  }

  tls::RecordScratch scratch_, client_scratch_;
  TimerQueue timers_, client_timers_;
  Deferred deferred_;
  std::unique_ptr<tls::ClientContext> context_;
  std::vector<std::unique_ptr<Visit>> visits_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> dirty_;
};

}  // namespace troika::sim
