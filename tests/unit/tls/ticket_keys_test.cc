#include "tls/tickets/ticket_keys.h"

#include <algorithm>
#include <atomic>
#include <catch2/generators/catch_generators.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "tls/tickets/resumption.h"
#include "unit/tls/tls_pair.h"

namespace troika::test {
namespace {

using tls::TicketKeys;

constexpr WallTime kNow = TicketKeys::kStart + 1000 * 12h;

tls::Root root_of(char c) {
  tls::Root root;
  root.fill(static_cast<std::byte>(c));
  return root;
}

// A client context for sessions, and the server of one worker after the other.
struct Visits {
  explicit Visits(TicketKeys& keys) { add(keys); }

  void add(TicketKeys& keys, tls::TransportKind kind = tls::TransportKind::tcp) {
    tls::ServerOptions options = server_options(kind);
    options.ticket_keys = &keys;
    servers.push_back(tls::ServerContext::make(kind, options).value());
  }
  // A visit to a server, with the ticket `from` (null: none); the ticket that it brought.
  Session visit(std::size_t server, const Session& from = nullptr) {
    TlsPair pair(*servers[server], client->new_ssl("localhost"));
    if (from != nullptr) pair.offer(from);
    pair.run();
    resumed = pair.server.security().resumed;
    return pair.session();
  }
  bool resumes(std::size_t server, const Session& from) {
    visit(server, from);
    return resumed;
  }
  static std::string key_name(const Session& session) {
    const unsigned char* ticket = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(session.get(), &ticket, &size);
    REQUIRE(size > 16);
    return {reinterpret_cast<const char*>(ticket), 16};
  }

  std::unique_ptr<tls::ClientContext> client = client_context({"h2", "h3"});
  std::vector<std::unique_ptr<tls::ServerContext>> servers;
  bool resumed = false;
};

TEST_CASE("ticket keys change when an epoch is over, not a moment before") {
  SetClock clock(kNow);
  TicketKeys keys(clock, root_of('a'), 12h, 24h);
  const auto first = keys.current();
  CHECK(first.epoch == 1000);
  clock.time += 12h - 1ns;
  CHECK(keys.current().name == first.name);
  clock.time += 1ns;
  const auto second = keys.current();
  CHECK(second.epoch == 1001);
  CHECK(second.name != first.name);
  CHECK(second.cipher != first.cipher);
  CHECK(second.mac != first.mac);
  CHECK(second.cipher != second.mac);
}

TEST_CASE("a ticket key is found in its epoch, in two after it and in the one before it") {
  SetClock clock(kNow);
  TicketKeys keys(clock, root_of('a'), 12h, 24h);
  const auto key = keys.current();
  struct Case {
    int epochs_later;
    bool found, renew;
  };
  // Time goes on only: the keys of before are made by another ring.
  for (const Case& at : {Case{-2, false, false},
                         {-1, true, false},
                         {0, true, false},
                         {1, true, true},
                         {2, true, true},
                         {3, false, false}}) {
    CAPTURE(at.epochs_later);
    const SetClock other(kNow + at.epochs_later * 12h);
    TicketKeys ring(other, root_of('a'), 12h, 24h);
    const auto found = ring.find(key.name);
    REQUIRE(found.has_value() == at.found);
    if (!found) continue;
    CHECK(found->key.cipher == key.cipher);
    CHECK(found->renew == at.renew);
  }
  clock.time += 3 * 12h;
  CHECK_FALSE(keys.find(key.name));
}

TEST_CASE("rings that moved through all epochs or were made late have the same keys") {
  SetClock clock(TicketKeys::kStart);
  TicketKeys old(clock, root_of('a'), 12h, 24h);
  for (int i = 0; i < 40; ++i) {
    const auto epoch = static_cast<std::uint64_t>(i);
    TicketKeys late(clock, root_of('a'), 12h, 24h);
    REQUIRE(old.current().epoch == epoch);
    REQUIRE(old.current().cipher == late.current().cipher);
    REQUIRE(old.find(late.current().name));
    clock.time += 12h;
  }
  clock.time += 1000 * 12h;  // a machine that slept
  TicketKeys late(clock, root_of('a'), 12h, 24h);
  CHECK(old.current().cipher == late.current().cipher);
  TicketKeys stranger(clock, root_of('b'), 12h, 24h);
  CHECK_FALSE(stranger.find(late.current().name));
}

TEST_CASE("a clock that is set back, even before the first epoch, leaves the keys usable") {
  SetClock clock(kNow);
  TicketKeys keys(clock, root_of('a'), 12h, 24h);
  const auto key = keys.current();
  clock.time -= 100 * 12h;
  CHECK(keys.current().name == key.name);
  CHECK(keys.find(key.name));
  clock.time = WallTime{};
  TicketKeys before(clock, root_of('a'), 12h, 24h);
  CHECK(before.current().epoch == 0);
}

TEST_CASE("a ticket resumes on another context with the same ring, whatever the worker") {
  SetClock clock(kNow);
  TicketKeys keys(clock, root_of('a'), 12h, 24h);
  TicketKeys same(clock, root_of('a'), 12h, 24h), other(clock, root_of('b'), 12h, 24h);
  Visits visits(keys);
  visits.add(keys);
  visits.add(same);   // after a restart with kept secrets
  visits.add(other);  // or with new ones
  visits.add(keys, tls::TransportKind::quic);
  const Session ticket = visits.visit(0);
  CHECK_FALSE(visits.resumed);
  CHECK(visits.resumes(0, ticket));
  CHECK(visits.resumes(1, ticket));
  CHECK(visits.resumes(2, ticket));
  CHECK_FALSE(visits.resumes(3, ticket));
  CHECK_FALSE(visits.resumes(4, ticket));  // another transport
  CHECK(SSL_SESSION_get_ticket_lifetime_hint(ticket.get()) == 24 * 3600);
}

TEST_CASE("a ticket of an older epoch resumes, and is renewed by one of this epoch") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  SetClock clock(kNow);
  TicketKeys keys(clock, root_of('a'), 12h, 24h);
  Visits visits(keys);
  SSL_CTX_set_max_proto_version(SSL_get_SSL_CTX(visits.client->new_ssl("").get()), version);
  const Session ticket = visits.visit(0);
  const std::string first = visits.key_name(ticket);
  clock.time += 2 * 12h;
  const Session renewed = visits.visit(0, ticket);
  CHECK(visits.resumed);
  CHECK(visits.key_name(renewed) != first);
  CHECK(std::ranges::equal(visits.key_name(renewed), keys.current().name, {},
                           [](char c) { return static_cast<unsigned char>(c); }));
  clock.time += 12h;
  CHECK_FALSE(visits.resumes(0, ticket));
  CHECK(visits.resumes(0, renewed));
}

TEST_CASE("a ring may be asked by many threads while its epochs pass") {
  class Running final : public Clock {
   public:
    TimePoint now() const noexcept override { return TimePoint(1h); }
    WallTime wall() const noexcept override { return TicketKeys::kStart + ticks++ * 20s; }
    mutable std::atomic<int> ticks = 0;
  } clock;
  TicketKeys keys(clock, root_of('a'), 12h, 24h);
  std::atomic<int> lost = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 500; ++n) {  // all in all less than two epochs
          const auto key = keys.current();
          const auto found = keys.find(key.name);
          if (!found || found->key.cipher != key.cipher) ++lost;
        }
      });
    }
  }
  CHECK(lost == 0);
}

}  // namespace
}  // namespace troika::test
