#pragma once
#include <openssl/ssl.h>

#include <string_view>

#include "ports/transport.h"

namespace troika::tls {

// Why SSL_do_handshake or SSL_read has failed, as static text; empties OpenSSL's queue.
std::string_view fault_of(const SSL* ssl) noexcept;

// What an alert of a client means for the operator of a server; static text (RFC 8446 §6.2).
std::string_view client_alert_text(int alert) noexcept;

// What was agreed on; complete once the handshake is.
SecurityInfo describe(const SSL* ssl);

}  // namespace troika::tls
