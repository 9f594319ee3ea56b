#pragma once
#include <openssl/ssl.h>

#include "tls/context/context.h"

namespace troika::tls {

// Which early data (0-RTT) a server takes: none without a register or from clients that are to
// show certificates, else what the register admits. The rest is ordinary handshakes.
bool allow_early_data(SSL_CTX* context, Wire wire, const ServerOptions& options);

}  // namespace troika::tls
