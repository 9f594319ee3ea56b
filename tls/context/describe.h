#pragma once
#include <openssl/ssl.h>

#include <string_view>

#include "ports/transport.h"

namespace troika::tls {

// Why SSL_do_handshake() or SSL_read() failed, as static text. Empties OpenSSL's error queue.
std::string_view fault_of(const SSL* ssl) noexcept;

// What a client's alert means to the operator of the server, as static text (RFC 8446 §6.2).
std::string_view client_alert_text(int alert) noexcept;

// What was negotiated; complete after the handshake.
SecurityInfo describe(const SSL* ssl);

}  // namespace troika::tls
