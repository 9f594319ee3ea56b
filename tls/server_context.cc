#include <openssl/err.h>

#include <string_view>

#include "tls/alpn.h"
#include "tls/context.h"
#include "tls/early_data.h"
#include "tls/install_key_log.h"
#include "tls/make_context.h"
#include "tls/pem.h"
#include "tls/session_tag.h"
#include "tls/ticket_keys.h"

namespace troika::tls {
namespace {

// Without this answer OpenSSL does not store the name in the session, and a resumed connection of
// TLS 1.2 would have none.
int take_server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

bool configure_server(SSL_CTX* ctx, Wire wire) {
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Tickets carry the state: a cache here would only be memory that clients can fill.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  // A session of one transport is refused by the other.
  const std::string_view id = wire == Wire::tcp ? "troika-tcp" : "troika-quic";
  install_server_alpn(ctx, wire);
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(take_server_name));
  if (wire == Wire::quic && !install_session_tags(ctx)) return false;
  return SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
         SSL_CTX_set_session_id_context(ctx, reinterpret_cast<const unsigned char*>(id.data()),
                                        static_cast<unsigned int>(id.size())) == 1;
}

Checked<void> use_certificate(SSL_CTX* ctx, const ServerOptions& options) {
  auto chain = read_certificates(options.cert_file);
  if (!chain) return std::unexpected(std::move(chain.error()));
  auto key = read_private_key(options.key_file);
  if (!key) return std::unexpected(std::move(key.error()));
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return std::unexpected("The key in " + options.key_file +
                           " does not belong to the first certificate in " + options.cert_file +
                           ": give the two files of one pair.");
  }
  bool used = SSL_CTX_use_certificate(ctx, chain->front().get()) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, key->get()) == 1;
  for (std::size_t i = 1; used && i < chain->size(); ++i) {
    used = SSL_CTX_add1_chain_cert(ctx, (*chain)[i].get()) == 1;
  }
  if (!used) {
    return std::unexpected("The certificate in " + options.cert_file +
                           " cannot be used: " + ossl_error() + ".");
  }
  return {};
}

}  // namespace

Checked<std::unique_ptr<ServerContext>> ServerContext::make(Wire wire,
                                                            const ServerOptions& options) {
  auto context = make_context(TLS_server_method(), wire);
  if (!context) return std::unexpected(std::move(context.error()));
  if (!configure_server(context->get(), wire)) {
    return std::unexpected("OpenSSL refused the server's settings: " + ossl_error() + ".");
  }
  if (options.ticket_keys != nullptr && !options.ticket_keys->install(context->get())) {
    return std::unexpected("OpenSSL refused the keys for session tickets: " + ossl_error() + ".");
  }
  if (!allow_early_data(context->get(), wire, options)) {
    return std::unexpected("OpenSSL refused the settings for early data: " + ossl_error() + ".");
  }
  if (options.key_log != nullptr && !install_key_log(context->get(), *options.key_log)) {
    return std::unexpected("OpenSSL refused the key log: " + ossl_error() + ".");
  }
  if (auto used = use_certificate(context->get(), options); !used) {
    return std::unexpected(std::move(used.error()));
  }
  return std::unique_ptr<ServerContext>(new ServerContext(std::move(*context)));
}

SslPtr ServerContext::new_ssl() const {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace troika::tls
