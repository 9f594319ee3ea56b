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

// Fails when a private file is inside a folder that is served. `path` need not exist yet; `option`
// is its option. The error is one sentence.
Checked<void> keep_out_of_sites(std::string_view option, const std::string& path,
                                const Config& config);

// The same of all private keys of `certificates`. Where only the rule for dotfiles keeps them from
// clients, which links may get around, it is a warning: that is what it gives, or nothing.
Checked<std::string> keep_keys_out_of_sites(const Config& config,
                                            const tls::CertificateSet& certificates);

// What a new process needs to resume sessions and to reset connections of its predecessor.
struct Secrets {
  quic::Secret quic{};  // of tokens and stateless resets
  tls::Root tickets{};  // of the first epoch of ticket keys
};

// New secrets, lost when the process ends.
Secrets random_secrets(Random& random);
// Derives the secrets from the file, which is created if missing. The error is one sentence.
Checked<Secrets> secrets_from(const std::string& file, Random& random);

// Shared by the TLS contexts of all workers, so that a client can resume on any of them and its
// early data is accepted once.
struct Resumption {
  Resumption(const Secrets& secrets, const Config::Tls& config)
      : tickets(clock, secrets.tickets, config.ticket_rotation, config.ticket_lifetime),
        replays(clock, config.replay_entries, config.replay_window) {}

  SystemClock clock;
  tls::TicketKeys tickets;
  tls::ReplayRegister replays;
};

}  // namespace troika
