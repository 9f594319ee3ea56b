#pragma once
#include "http/exchange/timeouts.h"
#include "http/message/limits.h"
#include "server/secrets.h"
#include "tls/tickets/replay_register.h"
#include "tls/tickets/ticket_keys.h"

namespace troika {

// What the TLS contexts of all workers share, so that a client may come back to any of them, and
// its early data counts once.
struct Resumption {
  Resumption(const Secrets& secrets, const Limits& limits, const Timeouts& timeouts)
      : tickets(clock, secrets.tickets, timeouts.ticket_rotation, timeouts.ticket_lifetime),
        replays(clock, limits.replay_entries, timeouts.replay_window) {}

  SystemClock clock;
  tls::TicketKeys tickets;
  tls::ReplayRegister replays;
};

}  // namespace troika
