#include "tls/client_auth.h"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "tls/pem.h"

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
  const std::unique_ptr<BIO, BioFree> out(BIO_new(BIO_s_mem()));
  // Letters beyond ASCII stay as they are; control characters are escaped.
  const unsigned long style = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, style) < 0) {
    return {};
  }
  const char* text = nullptr;
  const long size = BIO_ctrl(out.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&text));
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace troika::tls
