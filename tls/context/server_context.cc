#include "tls/context/server_context.h"

#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <limits>

#include "tls/context/alpn.h"
#include "tls/context/client_auth.h"
#include "tls/context/context.h"
#include "tls/context/key_log.h"
#include "tls/ossl.h"
#include "tls/tickets/replay_register.h"
#include "tls/tickets/session_tag.h"
#include "tls/tickets/ticket_keys.h"

namespace troika::tls {
namespace {

// OpenSSL asks when everything else is in order: the ticket, its age, ALPN, no HelloRetryRequest.
int early_data_counts(SSL* ssl, void* of_process) noexcept {
  auto& replays = *static_cast<ReplayRegister*>(of_process);
  if (!limits_hold(ssl)) {
    replays.count_rejected();
    return 0;
  }
  std::array<std::byte, SSL3_RANDOM_SIZE> random{};
  SSL_get_client_random(ssl, reinterpret_cast<unsigned char*>(random.data()), random.size());
  const time_t given = SSL_SESSION_get_time_ex(SSL_get_session(ssl));
  return replays.admit(random, std::chrono::system_clock::from_time_t(given)) ? 1 : 0;
}

}  // namespace

bool allow_early_data(SSL_CTX* context, Wire wire, const ServerOptions& options) {
  if (options.replays == nullptr || options.client_auth != ClientAuth::none) {
    return SSL_CTX_set_max_early_data(context, 0) == 1;
  }
  // RFC 9001 §4.6.1: in QUIC the limit is that of its flow control.
  const std::uint32_t most =
      wire == Wire::quic ? std::numeric_limits<std::uint32_t>::max() : options.early_data_bytes;
  // OpenSSL's own protection keeps every session in its context, and a ticket would be worth
  // nothing to another worker.
  SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY);
  SSL_CTX_set_allow_early_data_cb(context, early_data_counts, options.replays);
  return SSL_CTX_set_max_early_data(context, most) == 1 &&
         SSL_CTX_set_recv_max_early_data(context, most) == 1;
}

namespace {

// Without this answer OpenSSL does not store the name in the session, and a resumed connection of
// TLS 1.2 would have none.
int take_server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

bool configure_server(SSL_CTX* ctx, Wire wire) {
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Tickets carry the state: a cache here would only be memory that clients can fill.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  install_server_alpn(ctx, wire);
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(take_server_name));
  if (!install_session_tags(ctx)) return false;
  return SSL_CTX_set_num_tickets(ctx, 1) == 1;
}

// A session of one transport is refused by the other, and one that was made under another policy
// for clients' certificates by both (CVE-2025-23419).
bool set_session_id(SSL_CTX* ctx, Wire wire, const std::string& policy) {
  const std::string text = (wire == Wire::tcp ? "troika-tcp" : "troika-quic") + policy;
  std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> digest{};
  std::size_t size = 0;
  return EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), digest.data(), &size) ==
             1 &&
         SSL_CTX_set_session_id_context(ctx, digest.data(), static_cast<unsigned int>(size)) == 1;
}

Checked<CertificateSet::Ptr> certificates_of(const ServerOptions& options) {
  if (options.certificates != nullptr) return options.certificates;
  const CertificateFiles pair{options.cert_file, options.key_file};
  return CertificateSet::load(std::span(&pair, 1));
}

// When OpenSSL is to choose a certificate. Of several it takes the one whose key can sign as the
// client wants (RFC 8446 §4.4.2.2), in its own order of algorithms: ECDSA comes before RSA.
int show_certificate(SSL* ssl, void* current) noexcept {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto& certificates = *static_cast<const CertificateSet::Ptr*>(current);
  SSL_certs_clear(ssl);
  for (const Identity* identity : certificates->choose(name == nullptr ? "" : name)) {
    if (SSL_use_cert_and_key(ssl, identity->leaf.get(), identity->key.get(), identity->chain.get(),
                             1) != 1) {
      return 0;
    }
  }
  return 1;
}

void free_certificates(void*, void* current, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  delete static_cast<CertificateSet::Ptr*>(current);
}

// Where the set lives that handshakes choose from: an SSL keeps its SSL_CTX alive, and that this.
CertificateSet::Ptr* keep(SSL_CTX* ctx, CertificateSet::Ptr certificates) {
  static const int slot = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr,
                                                  nullptr, free_certificates);
  auto current = std::make_unique<CertificateSet::Ptr>(std::move(certificates));
  return SSL_CTX_set_ex_data(ctx, slot, current.get()) == 1 ? current.release() : nullptr;
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
  const auto policy =
      install_client_auth(context->get(), options.client_auth, options.client_ca_file);
  if (!policy) return std::unexpected(policy.error());
  if (!set_session_id(context->get(), wire, *policy)) {
    return std::unexpected("OpenSSL refused the server's settings: " + ossl_error() + ".");
  }
  auto certificates = certificates_of(options);
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto* const current = keep(context->get(), std::move(*certificates));
  if (current == nullptr) return std::unexpected("OpenSSL has no memory: " + ossl_error() + ".");
  SSL_CTX_set_cert_cb(context->get(), show_certificate, current);
  return std::unique_ptr<ServerContext>(new ServerContext(std::move(*context), *current));
}

SslPtr ServerContext::new_ssl() const {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace troika::tls
