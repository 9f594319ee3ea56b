#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>

#include "base/error.h"

namespace troika::tls {

// Whether clients show certificates of their own (mTLS). Optional: one that is shown must be good.
enum class ClientAuth : std::uint8_t { none, optional, required };

// Makes a server ask for certificates of clients and check them against those of the file alone,
// never the system's. Gives the bytes that tell this policy from every other one; the error is a
// sentence.
Checked<std::string> install_client_auth(SSL_CTX* context, ClientAuth auth,
                                         const std::string& ca_file);

// Subject of the certificate that the client has shown and that was found good, as RFC 4514 writes
// it; when that is empty, "DNS:", "email:" or "URI:" with an alternative name, or "serial:". Empty:
// no certificate was.
std::string client_name(const SSL* ssl);

}  // namespace troika::tls
