#include "tls/context/fault.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "tls/context/client_alert.h"

namespace troika::tls {
namespace {

// Why a client is refused by the certificate that it has shown.
std::string_view client_certificate_fault(long result) noexcept {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the client's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "the client's certificate is not valid yet";
    case X509_V_ERR_INVALID_PURPOSE: return "the client's certificate is not for clients";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the client's certificate is of no CA of --client-ca";
    default: return X509_verify_cert_error_string(result);
  }
}

// Where OpenSSL's own words would not tell an operator enough.
std::string_view own_words(unsigned long code, const SSL* ssl) noexcept {
  const bool serves = SSL_is_server(ssl) == 1;
  if (code == 0 && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0) {
    return "the peer closed TLS during the handshake";
  }
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return {};
  const int reason = ERR_GET_REASON(code);
  if (serves && reason >= SSL_AD_REASON_OFFSET) {
    return client_alert_text(reason - SSL_AD_REASON_OFFSET);
  }
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return "a plain HTTP request on a TLS port";
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_CALLBACK_FAILED: return "no ALPN protocol in common";
    case SSL_R_UNSUPPORTED_PROTOCOL: return "no TLS version in common";
    case SSL_R_NO_SHARED_CIPHER: return "no cipher in common";
    case SSL_R_NO_SUITABLE_KEY_SHARE: return "no group for the key exchange in common";
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return "no signature algorithm in common with a key of this server";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the client has shown no certificate, and must";
    case SSL_R_CERTIFICATE_VERIFY_FAILED: {
      const long result = SSL_get_verify_result(ssl);
      return serves ? client_certificate_fault(result) : X509_verify_cert_error_string(result);
    }
    default: return {};
  }
}

}  // namespace

std::string_view fault_of(const SSL* ssl) noexcept {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (const auto words = own_words(code, ssl); !words.empty()) return words;
  // The tables behind it live as long as the process.
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS failed";
}

}  // namespace troika::tls
