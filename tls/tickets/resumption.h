#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troika::tls {

// What a session ticket on QUIC depends on besides TLS. It belongs to one connection, outlives the
// SSL, and is sealed into the tickets of the connection.
struct SessionTag {
  // A ticket is valid for the negotiated version, and the client sends it in the first Initial of a
  // connection of that version (RFC 9369 §5).
  std::uint32_t offered_version = 0, negotiated_version = 0;
  // A digest of what a client remembers of this server's limits (RFC 9000 §7.4.1, RFC 9114
  // §7.2.4.2).
  std::uint64_t limits = 0;
};

// Tickets of another version are refused; with other limits a session is resumed without early
// data. The ticket of a client with a certificate is valid until the certificate expires, and is
// not renewed; this also holds on TCP.
bool install_session_tags(SSL_CTX* context);
bool set_session_tag(SSL* ssl, SessionTag& tag);
// Whether the session that `ssl` resumes has the present limits. True on a connection without a
// tag.
bool limits_hold(SSL* ssl);

// The client side: a session with its ticket as bytes, which contain the secrets of the session.

// The connections of the context store the latest ticket that arrives.
bool store_tickets(SSL_CTX* context);
// For resume() of a later connection to the server; empty: no ticket has arrived.
std::span<const std::byte> resumption_of(const SSL* ssl);
// Resumes the session, unless it is damaged, too old, or of another name or protocol: OpenSSL would
// fail instead of doing a full handshake.
void resume(SSL* ssl, std::span<const std::byte> resumption, const std::vector<std::string>& alpn);

}  // namespace troika::tls
