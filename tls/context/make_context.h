#pragma once
#include "tls/context/context.h"

namespace troika::tls {

// What servers and clients have in common: versions, ciphers, groups, modes.
Checked<SslContextPtr> make_context(const SSL_METHOD* method, Wire wire);

}  // namespace troika::tls
