#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>

#include "tls/context.h"
#include "tls/make_context.h"
#include "tls/pem.h"
#include "tls/resumption.h"

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

bool set_sni(SSL* ssl, const std::string& name) {  // OpenSSL's macro for it has a C cast
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(name.c_str())) == 1;
}

bool expect_peer(SSL* ssl, const std::string& name, bool is_ip) {
  if (is_ip) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name.c_str()) == 1;
}

}  // namespace

Checked<std::unique_ptr<ClientContext>> ClientContext::make(Wire wire,
                                                            const ClientOptions& options) {
  auto context = make_context(TLS_client_method(), wire);
  if (!context) return std::unexpected(std::move(context.error()));
  const bool verify = !options.ca_file.empty();
  if (verify) {
    auto readable = read_certificates(options.ca_file);  // for its error text
    if (!readable) return std::unexpected(std::move(readable.error()));
    if (SSL_CTX_load_verify_file(context->get(), options.ca_file.c_str()) != 1) {
      return std::unexpected("The CA file " + options.ca_file + " cannot be used: " + ossl_error() +
                             ".");
    }
    SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  }
  if (!options.groups.empty() &&
      SSL_CTX_set1_groups_list(context->get(), options.groups.c_str()) != 1) {
    return std::unexpected("OpenSSL refused the client's groups " + options.groups + ": " +
                           ossl_error() + ".");
  }
  if (!keep_tickets(context->get())) {
    return std::unexpected("OpenSSL refused the client's settings: " + ossl_error() + ".");
  }
  const auto alpn = wire_format(options.alpn);
  if (!alpn.empty() && SSL_CTX_set_alpn_protos(context->get(), alpn.data(),
                                               static_cast<unsigned int>(alpn.size())) != 0) {
    return std::unexpected("OpenSSL refused the client's list of ALPN protocols: " + ossl_error() +
                           ".");
  }
  return std::unique_ptr<ClientContext>(new ClientContext(std::move(*context), options));
}

SslPtr ClientContext::new_ssl(const std::string& server_name,
                              std::span<const std::byte> resumption) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return ssl;
  const bool is_ip = is_ip_literal(server_name);
  // RFC 6066 §3: no literal addresses in SNI.
  const bool named = is_ip || server_name.empty() || set_sni(ssl.get(), server_name);
  if (!named || (verify_ && !expect_peer(ssl.get(), server_name, is_ip))) {
    ERR_clear_error();
    return {};
  }
  SSL_set_connect_state(ssl.get());
  if (!resumption.empty()) resume(ssl.get(), resumption, alpn_);
  return ssl;
}

}  // namespace troika::tls
