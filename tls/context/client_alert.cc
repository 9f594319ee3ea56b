#include "tls/context/client_alert.h"

#include <openssl/ssl.h>

namespace troika::tls {

std::string_view client_alert_text(int alert) noexcept {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return "the client found no parameters in common (alert handshake_failure)";
    case SSL_AD_BAD_CERTIFICATE:
      return "the client refuses the certificate (alert bad_certificate)";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return "the client refuses the kind of certificate (alert unsupported_certificate)";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "the client holds the certificate for revoked (alert certificate_revoked)";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "the client holds the certificate for expired (alert certificate_expired)";
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return "the client refuses the certificate (alert certificate_unknown)";
    case SSL_AD_UNKNOWN_CA:
      return "the client does not know the CA of the certificate (alert unknown_ca)";
    case SSL_AD_ACCESS_DENIED: return "the client denies access (alert access_denied)";
    case SSL_AD_DECODE_ERROR: return "the client could not read a message (alert decode_error)";
    case SSL_AD_DECRYPT_ERROR:
      return "a signature or tag is wrong (the client's alert decrypt_error)";
    case SSL_AD_PROTOCOL_VERSION:
      return "the client takes no TLS version of this server (alert protocol_version)";
    case SSL_AD_INSUFFICIENT_SECURITY:
      return "the client wants stronger cryptography (alert insufficient_security)";
    case SSL_AD_INTERNAL_ERROR: return "the client has failed (alert internal_error)";
    case SSL_AD_USER_CANCELLED: return "the client gave up (alert user_canceled)";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "no ALPN protocol in common (the client's alert no_application_protocol)";
    case SSL_AD_UNEXPECTED_MESSAGE:
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_RECORD_OVERFLOW:
    case SSL_AD_ILLEGAL_PARAMETER:
    case SSL_AD_MISSING_EXTENSION:
    case SSL_AD_UNSUPPORTED_EXTENSION: return "the client found a fault in what this server sent";
    default: return "the client ended the handshake with an alert";
  }
}

}  // namespace troika::tls
