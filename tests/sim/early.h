#pragma once
// Clients that come back: HTTP/3 with session tickets and 0-RTT, in virtual time.
#include <catch2/catch_test_macros.hpp>

#include "support/sim_h3.h"
#include "tls/tickets/replay_register.h"
#include "tls/tickets/ticket_keys.h"

namespace troika::test {

using namespace std::chrono_literals;

inline constexpr sim::Link kFarAway{.delay = 50ms};  // a round trip of 100 ms

// One process: its keys and its register, which are of real time as OpenSSL's tickets are, and
// SimH3 for each of its workers. All of them share a virtual address, but none of its world.
struct Process {
  explicit Process(char root_byte = 'r') {
    tls::Root root;
    root.fill(static_cast<std::byte>(root_byte));
    keys = std::make_unique<tls::TicketKeys>(clock, root, 12h, 24h);
  }
  SystemClock clock;
  std::unique_ptr<tls::TicketKeys> keys;
  tls::ReplayRegister replays{clock, 1000, 30s};

  void start(SimH3& worker, bool early = true) {
    worker.server_options.ticket_keys = keys.get();
    worker.server_options.replays = early ? &replays : nullptr;
    worker.start_server();
  }
};

// A first visit with a request; what the client keeps of it.
inline std::vector<std::byte> first_visit(SimH3& worker) {
  worker.client_config.resumption.clear();
  REQUIRE(worker.handshake());
  worker.get();
  REQUIRE(worker.run_until([&] { return worker.all_done(); }));
  worker.world.run_for(1s);
  auto kept = worker.client->resumption();
  REQUIRE_FALSE(kept.empty());
  CHECK(worker.close().empty());
  CHECK(worker.client == nullptr);
  return kept;
}

// A process, a worker of it, and what a client kept of its first visit.
struct Visited {
  explicit Visited(std::uint64_t seed, const sim::Link& link = {}) : sim(seed, link) {
    process.start(sim);
    kept = first_visit(sim);
  }
  Process process;
  SimH3 sim;
  std::vector<std::byte> kept;
};

// A visit with what was kept of an earlier one; not a packet has been sent yet.
inline void return_with(SimH3& worker, const std::vector<std::byte>& kept) {
  worker.client_config.resumption = kept;
  worker.connect();
}

inline bool was_early(const SimH3& worker) {
  return worker.endpoint->counters().early_accepted == 1 &&
         worker.endpoint->counters().early_rejected == 0;
}
inline bool was_refused(const SimH3& worker) {
  return worker.endpoint->counters().early_accepted == 0 &&
         worker.endpoint->counters().early_rejected == 1;
}

}  // namespace troika::test
