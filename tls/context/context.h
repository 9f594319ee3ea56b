#pragma once
#include "base/error.h"
#include "tls/ossl.h"

namespace troika::tls {

// TCP and QUIC have separate contexts, so that a session of one is never used on the other.
enum class TransportKind { tcp, quic };

// The settings of both sides: versions, ciphers, groups, modes.
Checked<SslContextPtr> make_context(const SSL_METHOD* method, TransportKind kind);

}  // namespace troika::tls
