#include "tls/context/describe.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <utility>

namespace troika::tls {
namespace {

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : text; }

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

// Non-ASCII letters stay as they are; control characters are escaped.
constexpr unsigned long kStyle =
    XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);

// The text that `print` writes. It returns a negative number on failure.
template <class Print>
std::string printed(Print print) {
  const std::unique_ptr<BIO, BioFree> out(BIO_new(BIO_s_mem()));
  if (!out || print(out.get()) < 0) return {};
  const char* text = nullptr;
  const long size = BIO_ctrl(out.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&text));
  return {text, static_cast<std::size_t>(size)};
}

std::string subject(X509* certificate) {
  return printed([&](BIO* out) {
    return X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, kStyle);
  });
}

// The first one that is text. RFC 5280 §4.2.1.6: a certificate without a subject has one.
std::string alternative_name(X509* certificate) {
  struct NamesFree {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  };
  const std::unique_ptr<GENERAL_NAMES, NamesFree> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* const value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    for (const auto& [kind, prefix] :
         {std::pair(GEN_DNS, "DNS:"), {GEN_EMAIL, "email:"}, {GEN_URI, "URI:"}}) {
      if (type != kind) continue;
      return prefix + printed([&](BIO* out) { return ASN1_STRING_print_ex(out, value, kStyle); });
    }
  }
  return {};
}

std::string serial_number(X509* certificate) {
  return "serial:" + printed([&](BIO* out) {
           return i2a_ASN1_INTEGER(out, X509_get0_serialNumber(certificate));
         });
}

// The subject of the certificate that the client presented and that is valid, as in RFC 4514. If
// the subject is empty: "DNS:", "email:" or "URI:" with an alternative name, or "serial:". Empty:
// no valid certificate.
std::string client_name(const SSL* ssl) {
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (SSL_is_server(ssl) == 0 || certificate == nullptr ||
      SSL_get_verify_result(ssl) != X509_V_OK) {
    return {};
  }
  if (X509_NAME_entry_count(X509_get_subject_name(certificate)) > 0) return subject(certificate);
  std::string name = alternative_name(certificate);
  return name.empty() ? serial_number(certificate) : name;
}

}  // namespace

SecurityInfo describe(const SSL* ssl) {
  SecurityInfo info;
  info.encrypted = true;
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn_size > 0) info.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  info.server_name = text_or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  info.version = text_or_empty(SSL_get_version(ssl));
  info.cipher = text_or_empty(SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)));
  info.group = text_or_empty(SSL_get0_group_name(const_cast<SSL*>(ssl)));
  info.client_name = client_name(ssl);
  info.resumed = SSL_session_reused(ssl) == 1;
  info.early_data = SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED;
  return info;
}

namespace {

// Why a client's certificate is refused.
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
      return "the client's certificate is not from a CA in --client-ca";
    default: return X509_verify_cert_error_string(result);
  }
}

// Why a client does not go on with a server.
std::string_view server_certificate_fault(long result) noexcept {
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH: return "the server's certificate is for another host name";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for another IP address";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the server's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "the server's certificate is not valid yet";
    case X509_V_ERR_INVALID_PURPOSE: return "the server's certificate is not for servers";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the server's certificate is not from a CA that is trusted here";
    default: return X509_verify_cert_error_string(result);
  }
}

// Texts for what OpenSSL describes too vaguely for an operator.
std::string_view own_text(unsigned long code, const SSL* ssl) noexcept {
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
      return "the client did not present the required certificate";
    case SSL_R_CERTIFICATE_VERIFY_FAILED: {
      const long result = SSL_get_verify_result(ssl);
      return serves ? client_certificate_fault(result) : server_certificate_fault(result);
    }
    default: return {};
  }
}

}  // namespace

std::string_view fault_of(const SSL* ssl) noexcept {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (const auto words = own_text(code, ssl); !words.empty()) return words;
  // Static: OpenSSL keeps it in a table.
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS failed";
}

std::string_view client_alert_text(int alert) noexcept {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return "the client found no parameters in common (alert handshake_failure)";
    case SSL_AD_BAD_CERTIFICATE:
      return "the client refuses the certificate (alert bad_certificate)";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return "the client refuses the kind of certificate (alert unsupported_certificate)";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "the client considers the certificate revoked (alert certificate_revoked)";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "the client considers the certificate expired (alert certificate_expired)";
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return "the client refuses the certificate (alert certificate_unknown)";
    case SSL_AD_UNKNOWN_CA:
      return "the client does not know the CA of the certificate (alert unknown_ca)";
    case SSL_AD_ACCESS_DENIED: return "the client denies access (alert access_denied)";
    case SSL_AD_DECODE_ERROR: return "the client could not read a message (alert decode_error)";
    case SSL_AD_DECRYPT_ERROR:
      return "a signature or tag is wrong (the client's alert decrypt_error)";
    case SSL_AD_PROTOCOL_VERSION:
      return "the client supports no TLS version of this server (alert protocol_version)";
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
