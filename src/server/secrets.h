#pragma once
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "proto/quic/endpoint.h"
#include "tls/tickets/derive.h"

namespace troika {

// What a process must know again to resume sessions and to reset the connections of one before it.
struct Secrets {
  quic::Secret quic{};  // of tokens and stateless resets
  tls::Root tickets{};  // of the first epoch of ticket keys
};

// New ones, which end with the process.
Secrets random_secrets(Random& random);
// Those that come of the file, which is made when it is missing. The error is one sentence.
Checked<Secrets> secrets_from(const std::string& file, Random& random);

}  // namespace troika
