#pragma once
#include "base/error.h"
#include "tls/ossl.h"

namespace troika::tls {

// TCP and QUIC have contexts of their own, so that a session never crosses from one to the other.
enum class TransportKind { tcp, quic };

// What servers and clients have in common: versions, ciphers, groups, modes.
Checked<SslContextPtr> make_context(const SSL_METHOD* method, TransportKind kind);

}  // namespace troika::tls
