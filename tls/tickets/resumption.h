#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace troika::tls {

// A client's side of session tickets, as bytes that can be kept and tell the secrets of a session.

// Makes the connections of a context keep the latest ticket that comes.
bool keep_tickets(SSL_CTX* context);
// What a later connection to the server resumes with; empty: no ticket has come.
std::span<const std::byte> resumption_of(const SSL* ssl);
// Begins with it, unless it is damaged, too old, or of another name or protocol than those that are
// asked for now: OpenSSL would fail instead of doing a full handshake.
void resume(SSL* ssl, std::span<const std::byte> resumption, const std::vector<std::string>& alpn);

}  // namespace troika::tls
