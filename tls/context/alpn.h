#pragma once
#include <openssl/ssl.h>

#include "tls/context/context.h"

namespace troika::tls {

// How a server answers the protocols that a client offers.
// TCP: h2 before http/1.1; a client that offers none is served http/1.1 without ALPN.
// QUIC: h3 only, and to offer none is fatal (RFC 9001 §8.1).
// No common protocol is fatal on both: no_application_protocol (RFC 7301 §3.2).
void install_server_alpn(SSL_CTX* context, Wire wire);

}  // namespace troika::tls
