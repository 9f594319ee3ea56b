#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "config/config.h"
#include "proto/quic/config.h"
#include "tls/certificates/certificate_set.h"
#include "tls/tickets/replay_register.h"
#include "tls/tickets/ticket_keys.h"

namespace troika {

// What tells more than visitors may know lies out of the folder that is served (`root`; empty:
// none). `path` need not be there yet; `option` named it. The error is one sentence.
Checked<void> keep_out_of_site(std::string_view option, const std::string& path,
                               const std::string& root);

// The same of all private keys of `certificates`. Where only the rule for dotfiles keeps them from
// clients, which links may get around, it is a warning: that is what it gives, or nothing.
Checked<std::string> keep_keys_out_of_site(const Config& config,
                                           const tls::CertificateSet& certificates);

// What a process must know again to resume sessions and to reset the connections of one before it.
struct Secrets {
  quic::Secret quic{};  // of tokens and stateless resets
  tls::Root tickets{};  // of the first epoch of ticket keys
};

// New ones, which end with the process.
Secrets random_secrets(Random& random);
// Those that come of the file, which is made when it is missing. The error is one sentence.
Checked<Secrets> secrets_from(const std::string& file, Random& random);

// What the TLS contexts of all workers share, so that a client may come back to any of them, and
// its early data counts once.
struct Resumption {
  Resumption(const Secrets& secrets, const Config::Tls& config)
      : tickets(clock, secrets.tickets, config.ticket_rotation, config.ticket_lifetime),
        replays(clock, config.replay_entries, config.replay_window) {}

  SystemClock clock;
  tls::TicketKeys tickets;
  tls::ReplayRegister replays;
};

}  // namespace troika
