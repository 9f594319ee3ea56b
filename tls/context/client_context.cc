#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/text.h"
#include "tls/certificates/certificate_files.h"
#include "tls/certificates/certificate_set.h"
#include "tls/context/client_context.h"
#include "tls/ossl.h"
#include "tls/tickets/resumption.h"

namespace troika::tls {
namespace {

std::vector<unsigned char> wire_format(const std::vector<std::string>& protocols) {
  std::vector<unsigned char> bytes;
  for (const std::string& protocol : protocols) {
    bytes.push_back(static_cast<unsigned char>(protocol.size()));
    bytes.insert(bytes.end(), protocol.begin(), protocol.end());
  }
  return bytes;
}

bool is_ip_literal(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

bool set_sni(SSL* ssl, const std::string& name) {  // OpenSSL's macro has a C cast
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(name.c_str())) == 1;
}

bool expect_peer(SSL* ssl, const std::string& name, bool is_ip) {
  if (is_ip) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name.c_str()) == 1;
}

Checked<void> show_certificate(SSL_CTX* ctx, const CertificateFiles& files) {
  const auto set = CertificateSet::load(std::span(&files, 1));
  if (!set) return std::unexpected(set.error());
  const Identity& own = (*set)->identities().front();
  if (SSL_CTX_use_cert_and_key(ctx, own.leaf.get(), own.key.get(), own.chain.get(), 1) == 1) {
    return {};
  }
  return std::unexpected("The certificate in " + files.cert_file +
                         " cannot be used: " + ossl_error() + ".");
}

// OpenSSL finds the system's CAs itself; SSL_CERT_FILE and SSL_CERT_DIR name others.
Checked<void> trust(SSL_CTX* ctx, const std::string& ca_file) {
  if (!ca_file.empty()) {
    const auto readable = read_certificates(ca_file);  // for its error text
    if (!readable) return std::unexpected(readable.error());
  }
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(ctx)
                                     : SSL_CTX_load_verify_file(ctx, ca_file.c_str());
  if (loaded != 1) {
    return std::unexpected(formatted(
        "{} cannot be used: {}.",
        ca_file.empty() ? "The system's list of CAs" : "The CA file " + ca_file, ossl_error()));
  }
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  return {};
}

int verify_and_report(X509_STORE_CTX* check, void* options) noexcept {
  const int good = X509_verify_cert(check);
  if (good != 1) return good;
  BIGNUM* const number =
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(X509_STORE_CTX_get0_cert(check)), nullptr);
  char* const hex = BN_bn2hex(number);
  static_cast<const ClientOptions*>(options)->on_server_certificate(hex);
  OPENSSL_free(hex);
  BN_free(number);
  return good;
}

}  // namespace

Checked<std::unique_ptr<ClientContext>> ClientContext::make(TransportKind kind,
                                                            const ClientOptions& options) {
  auto context = make_context(TLS_client_method(), kind);
  if (!context) return std::unexpected(std::move(context.error()));
  if (options.verify) {
    const auto trusted = trust(context->get(), options.ca_file);
    if (!trusted) return std::unexpected(trusted.error());
  }
  if (!options.groups.empty() &&
      SSL_CTX_set1_groups_list(context->get(), options.groups.c_str()) != 1) {
    return std::unexpected("OpenSSL refused the client's groups " + options.groups + ": " +
                           ossl_error() + ".");
  }
  if (!options.ciphers.empty() &&
      SSL_CTX_set_ciphersuites(context->get(), options.ciphers.c_str()) != 1) {
    return std::unexpected("OpenSSL refused the client's ciphers " + options.ciphers + ": " +
                           ossl_error() + ".");
  }
  if (!store_tickets(context->get())) {
    return std::unexpected("OpenSSL refused the client's settings: " + ossl_error() + ".");
  }
  const auto alpn = wire_format(options.alpn);
  if (!alpn.empty() && SSL_CTX_set_alpn_protos(context->get(), alpn.data(),
                                               static_cast<unsigned int>(alpn.size())) != 0) {
    return std::unexpected("OpenSSL refused the client's list of ALPN protocols: " + ossl_error() +
                           ".");
  }
  if (!options.cert_file.empty()) {
    const auto shown = show_certificate(context->get(), {options.cert_file, options.key_file});
    if (!shown) return std::unexpected(shown.error());
  }
  SSL_CTX* const raw = context->get();
  std::unique_ptr<ClientContext> made(new ClientContext(std::move(*context), options));
  if (made->options_.on_server_certificate) {
    SSL_CTX_set_cert_verify_callback(raw, verify_and_report, &made->options_);
  }
  return made;
}

SslPtr ClientContext::new_ssl(const std::string& server_name,
                              std::span<const std::byte> resumption) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return ssl;
  const bool is_ip = is_ip_literal(server_name);
  // RFC 6066 §3: no literal addresses in SNI.
  const bool named = is_ip || server_name.empty() || set_sni(ssl.get(), server_name);
  if (!named || (options_.verify && !expect_peer(ssl.get(), server_name, is_ip))) {
    ERR_clear_error();
    return {};
  }
  SSL_set_connect_state(ssl.get());
  if (!resumption.empty()) resume(ssl.get(), resumption, options_.alpn);
  return ssl;
}

}  // namespace troika::tls
