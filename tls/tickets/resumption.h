#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troika::tls {

// What a session ticket on QUIC relies on besides TLS. It belongs to one connection, outlives its
// SSL, and is sealed into the tickets that the connection gives.
struct SessionTag {
  // A ticket is for the version that was negotiated, and comes back in the first Initial of a
  // connection (RFC 9369 §5).
  std::uint32_t offered_version = 0, negotiated_version = 0;
  // A digest of what a client remembers of this server's limits (RFC 9000 §7.4.1, RFC 9114
  // §7.2.4.2).
  std::uint64_t limits = 0;
};

// Tickets of another version are not accepted; those of other limits resume, without early data.
// Those of a client that showed a certificate are good until that ends, and bring no new ones; this
// is so on TCP, too.
bool install_session_tags(SSL_CTX* context);
bool set_session_tag(SSL* ssl, SessionTag& tag);
// Whether the session that `ssl` resumes was begun under the limits of today. On a connection
// without a tag: yes.
bool limits_hold(SSL* ssl);

// A client's side of session tickets, as bytes that can be kept and tell the secrets of a session.

// Makes the connections of a context keep the latest ticket that comes.
bool keep_tickets(SSL_CTX* context);
// What a later connection to the server resumes with; empty: no ticket has come.
std::span<const std::byte> resumption_of(const SSL* ssl);
// Begins with it, unless it is damaged, too old, or of another name or protocol than those that are
// asked for now: OpenSSL would fail instead of doing a full handshake.
void resume(SSL* ssl, std::span<const std::byte> resumption, const std::vector<std::string>& alpn);

}  // namespace troika::tls
