#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/certificates/certificate_set.h"

namespace troika::tls {

// Bytes of a certificate and its chain as they are sent: peers hold no more of a handshake over
// QUIC.
inline constexpr std::size_t kMostChainBytes = 64U << 10U;

// What the list of certificates takes in the handshake (RFC 8446 §4.4.2).
std::size_t chain_bytes(const Identity& identity);

// Refuses what every client would refuse: a key that TLS has no signature for, or a chain that is
// too long. The error is a sentence that names the file.
Checked<void> check_usable(const Identity& identity, std::size_t most_bytes = kMostChainBytes);

// What many clients will refuse: each the end of a sentence about the certificate.
std::vector<std::string> doubts_about(const Identity& identity);

}  // namespace troika::tls
