#include "tls/fault.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace troika::tls {
namespace {

// Where OpenSSL's own words would not tell an operator enough.
std::string_view own_words(unsigned long code, const SSL* ssl) noexcept {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return {};
  switch (ERR_GET_REASON(code)) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return "a plain HTTP request on a TLS port";
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_CALLBACK_FAILED: return "no ALPN protocol in common";
    case SSL_R_UNSUPPORTED_PROTOCOL: return "no TLS version in common";
    case SSL_R_NO_SHARED_CIPHER: return "no cipher in common";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return X509_verify_cert_error_string(SSL_get_verify_result(ssl));
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
