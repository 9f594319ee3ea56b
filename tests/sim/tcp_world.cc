#include "tcp_world.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "client/client.h"
#include "support/live_server.h"
#include "tls/context/client_context.h"

namespace troika::sim {

TcpProcess::TcpProcess(const Secrets& secrets, bool early_data) : shared(secrets, Config::Tls{}) {
  tls::ServerOptions options{test::test_certificate().cert_file, test::test_certificate().key_file};
  options.ticket_keys = &shared.tickets;
  options.alpn = {"h2", "http/1.1"};
  if (early_data) options.replays = &shared.replays;
  for (auto& worker : workers) {
    worker = test::must(tls::ServerContext::make(tls::TransportKind::tcp, options));
  }
}

TcpWorld::TcpWorld(std::vector<std::string> alpn)
    : context_(test::must(tls::ClientContext::make(
          tls::TransportKind::tcp, {test::test_certificate().ca_file, std::move(alpn)}))) {}

TcpWorld::~TcpWorld() {
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

TcpWorld::Visit& TcpWorld::visit(const tls::ServerContext& server,
                                 std::span<const std::byte> resumption) {
  return visit(server, context_->new_ssl("localhost", resumption));
}

TcpWorld::Visit& TcpWorld::visit(const tls::ServerContext& server, tls::SslPtr ssl) {
  Visit& visit = add(server);
  const SSL* const borrowed = ssl.get();
  visit.connection = std::make_unique<client::TcpConnection>(
      tls::make_tls_transport(visit.link.open(End::client), std::move(ssl), client_scratch_),
      borrowed, false, call_services, client_timers_);
  visit.connection->set_owner(this);
  return visit;
}

client::Fetch& TcpWorld::fetch(Visit& visit, std::string_view method,
                               std::unique_ptr<BodySource> body) {
  visit.fetches.push_back(
      std::make_unique<client::Fetch>(client::make_request(method, "localhost", "/"),
                                      std::move(body), client::Fetch::Sink{}, call_timeouts));
  visit.fetches.back()->begin(visit.connection->session());
  return *visit.fetches.back();
}

bool TcpWorld::run_until(const std::function<bool()>& done, Duration limit) {
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

TcpWorld::Visit& TcpWorld::add(const tls::ServerContext& server) {
  visits_.push_back(std::make_unique<Visit>(clock));
  Visit& visit = *visits_.back();
  ConnectionOwner& owner = *this;
  connections_.push_back(std::make_unique<Connection>(
      tls::make_tls_transport(visit.link.open(End::server), server.new_ssl(), scratch_), "",
      services, timers_, places_, owner));
  connections_.back()->at = std::prev(connections_.end());
  connections_.back()->start();
  return visit;
}

void TcpWorld::settle() {
  for (bool more = true; more;) {
    client_dirty_ = false;
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
    more |= client_dirty_;
    deferred_.run();
  }
}

void TcpWorld::on_done(Connection& connection) noexcept {
  if (connection.dirty) std::erase(dirty_, &connection);
  const auto at = connection.at;
  deferred_.later(std::move(*at));
  connections_.erase(at);
}

}  // namespace troika::sim
