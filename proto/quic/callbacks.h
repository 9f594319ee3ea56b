#pragma once
#include <ngtcp2/ngtcp2.h>

#include <cstdint>

#include "proto/quic/ossl_session.h"

namespace troika::quic {

// Bytes of TLS messages that a peer may send at a level, in all. TLS keeps a message until it is
// whole, and ngtcp2 1.22 bounds only what comes out of order: 64 KiB ahead of what was delivered.
constexpr std::uint64_t most_crypto_bytes(ngtcp2_encryption_level level) noexcept {
  switch (level) {
    case NGTCP2_ENCRYPTION_LEVEL_INITIAL: return 16U << 10U;    // a hello
    case NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE: return 64U << 10U;  // certificates
    default: return 256U << 10U;                                // tickets
  }
}

// The functions that ngtcp2 calls. The user data of the ngtcp2_conn is a ConnectionBase.
ngtcp2_callbacks make_callbacks(OsslSession::Side side);
// For ngtcp2_settings::qlog_write.
void write_qlog(void* user, std::uint32_t flags, const void* records, std::size_t size);

}  // namespace troika::quic
