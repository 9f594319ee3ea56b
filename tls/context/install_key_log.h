#pragma once
#include <openssl/ssl.h>

#include "tls/context/key_log.h"

namespace troika::tls {

// Every connection of that context is logged from now on; `log` outlives them.
bool install_key_log(SSL_CTX* context, KeyLog& log);

}  // namespace troika::tls
