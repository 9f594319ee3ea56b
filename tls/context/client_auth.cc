#include "tls/context/client_auth.h"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "tls/certificates/pem.h"
#include "tls/ossl.h"

namespace troika::tls {
namespace {

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

bool append_der(std::string& bytes, X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size < 0) return false;
  bytes.append(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return true;
}

// Letters beyond ASCII stay as they are; control characters are escaped.
constexpr unsigned long kStyle =
    XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);

// What `print` writes, which gives a negative number when it cannot.
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

// The first that is a text; RFC 5280 §4.2.1.6: without a subject there is one of some kind.
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

}  // namespace

Checked<std::string> install_client_auth(SSL_CTX* context, ClientAuth auth,
                                         const std::string& ca_file) {
  if (auth == ClientAuth::none && ca_file.empty()) return "";
  if (auth == ClientAuth::none || ca_file.empty()) {
    return std::unexpected<std::string>(
        "To check the certificates of clients takes a file with those of their CA, and whether "
        "they "
        "are required or optional: give both, or neither.");
  }
  const auto authorities = read_certificates(ca_file);
  if (!authorities) return std::unexpected(authorities.error());
  std::string policy = auth == ClientAuth::required ? "required" : "optional";
  for (const X509Ptr& authority : *authorities) {
    if (X509_check_ca(authority.get()) == 0) {
      return std::unexpected("The file " + ca_file +
                             " holds a certificate that is no CA's: no client's could be checked "
                             "with it; give those of the CAs alone.");
    }
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1 ||
        !append_der(policy, authority.get())) {
      return std::unexpected("The CA file " + ca_file + " cannot be used: " + ossl_error() + ".");
    }
  }
  // Whoever gives an intermediate CA alone means its clients, and not those of its root.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  const int required = auth == ClientAuth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  return policy;
}

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

}  // namespace troika::tls
