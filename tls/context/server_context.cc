#include "tls/context/server_context.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <limits>
#include <span>
#include <string_view>

#include "tls/certificates/certificate_files.h"
#include "tls/context/key_log.h"
#include "tls/ossl.h"
#include "tls/tickets/replay_register.h"
#include "tls/tickets/resumption.h"
#include "tls/tickets/ticket_keys.h"

namespace troika::tls {
namespace {

// What the handshakes of a context use. An SSL keeps its SSL_CTX alive, and the SSL_CTX this.
struct Shared {
  CertificateSet::Ptr certificates;
  std::vector<std::string> alpn;
};

void free_shared(void*, void* shared, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  delete static_cast<Shared*>(shared);
}

Shared* attach(SSL_CTX* ctx, std::unique_ptr<Shared> shared) {
  static const int slot =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, free_shared);
  return SSL_CTX_set_ex_data(ctx, slot, shared.get()) == 1 ? shared.release() : nullptr;
}

// Where `protocol` is in the list of length-prefixed names that the client sent.
const unsigned char* find_offered(std::span<const unsigned char> offered,
                                  std::string_view protocol) {
  while (!offered.empty()) {
    const std::size_t size = offered.front();
    if (size >= offered.size()) return nullptr;
    const auto name = offered.subspan(1, size);
    if (std::string_view(reinterpret_cast<const char*>(name.data()), size) == protocol) {
      return name.data();
    }
    offered = offered.subspan(1 + size);
  }
  return nullptr;
}

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void* shared) {
  for (const std::string& protocol : static_cast<const Shared*>(shared)->alpn) {
    if (const unsigned char* const name = find_offered({in, in_size}, protocol)) {
      *out = name;
      *out_size = static_cast<unsigned char>(protocol.size());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // OpenSSL sends no_application_protocol
}

// OpenSSL calls select_protocol() only if the client sends the extension.
int require_alpn(SSL* ssl, int* alert, void*) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &bytes,
                                &size) == 1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

void install_alpn(SSL_CTX* ctx, TransportKind kind, Shared& shared) {
  if (kind == TransportKind::quic) SSL_CTX_set_client_hello_cb(ctx, require_alpn, nullptr);
  if (kind == TransportKind::tcp && shared.alpn.empty()) return;
  SSL_CTX_set_alpn_select_cb(ctx, select_protocol, &shared);
}

bool append_der(std::string& bytes, X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size < 0) return false;
  bytes.append(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return true;
}

// Makes the server ask clients for certificates, and check them against the CAs of the file alone,
// never the system's. Returns bytes that differ for every other policy.
Checked<std::string> install_client_auth(SSL_CTX* context, ClientAuth auth,
                                         const std::string& ca_file) {
  if (auth == ClientAuth::none && ca_file.empty()) return "";
  if (auth == ClientAuth::none || ca_file.empty()) {
    return std::unexpected<std::string>(
        "To check the certificates of clients takes a file with those of their CA, and whether "
        "they are required or optional: give both, or neither.");
  }
  const auto authorities = read_certificates(ca_file);
  if (!authorities) return std::unexpected(authorities.error());
  std::string policy = auth == ClientAuth::required ? "required" : "optional";
  for (const X509Ptr& authority : *authorities) {
    if (X509_check_ca(authority.get()) == 0) {
      return std::unexpected("The file " + ca_file +
                             " contains a certificate that is not a CA's: give only CA "
                             "certificates.");
    }
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1 ||
        !append_der(policy, authority.get())) {
      return std::unexpected("The CA file " + ca_file + " cannot be used: " + ossl_error() + ".");
    }
  }
  // A file with only an intermediate CA allows that CA's clients, not all clients of its root.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  const int required = auth == ClientAuth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  return policy;
}

// OpenSSL calls it when all else is in order: the ticket, its age, ALPN, no HelloRetryRequest.
int accept_early_data(SSL* ssl, void* of_process) noexcept {
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

// Without this reply OpenSSL does not store the name in the session, and a resumed connection of
// TLS 1.2 would have none.
int accept_server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

bool configure_server(SSL_CTX* ctx) {
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Tickets carry the state. A cache would only be memory that clients can fill.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(accept_server_name));
  return install_session_tags(ctx) && SSL_CTX_set_num_tickets(ctx, 1) == 1;
}

// A session is refused on the other transport, and under another policy for client certificates
// (CVE-2025-23419).
bool set_session_id(SSL_CTX* ctx, TransportKind kind, const std::string& policy) {
  const std::string text = (kind == TransportKind::tcp ? "troika-tcp" : "troika-quic") + policy;
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

// Called when OpenSSL chooses a certificate. If there are several, it takes the one whose key can
// sign as the client wants (RFC 8446 §4.4.2.2); it tries ECDSA before RSA.
int show_certificate(SSL* ssl, void* shared) noexcept {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const CertificateSet& certificates = *static_cast<const Shared*>(shared)->certificates;
  SSL_certs_clear(ssl);
  for (const Identity* identity : certificates.choose(name == nullptr ? "" : name)) {
    if (SSL_use_cert_and_key(ssl, identity->leaf.get(), identity->key.get(), identity->chain.get(),
                             1) != 1) {
      return 0;
    }
  }
  return 1;
}

}  // namespace

bool allow_early_data(SSL_CTX* context, TransportKind kind, const ServerOptions& options) {
  if (options.replays == nullptr || options.client_auth != ClientAuth::none) {
    return SSL_CTX_set_max_early_data(context, 0) == 1;
  }
  // RFC 9001 §4.6.1: in QUIC flow control sets the limit.
  const std::uint32_t most = kind == TransportKind::quic ? std::numeric_limits<std::uint32_t>::max()
                                                         : options.early_data_bytes;
  // OpenSSL's own replay protection keeps every session in its context: a ticket would be useless
  // to the other workers.
  SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY);
  SSL_CTX_set_allow_early_data_cb(context, accept_early_data, options.replays);
  return SSL_CTX_set_max_early_data(context, most) == 1 &&
         SSL_CTX_set_recv_max_early_data(context, most) == 1;
}

Checked<std::unique_ptr<ServerContext>> ServerContext::make(TransportKind kind,
                                                            const ServerOptions& options) {
  auto context = make_context(TLS_server_method(), kind);
  if (!context) return std::unexpected(std::move(context.error()));
  SSL_CTX* const ctx = context->get();
  if (!configure_server(ctx)) {
    return std::unexpected("OpenSSL refused the server's settings: " + ossl_error() + ".");
  }
  if (options.ticket_keys != nullptr && !options.ticket_keys->install(ctx)) {
    return std::unexpected("OpenSSL refused the keys for session tickets: " + ossl_error() + ".");
  }
  if (!allow_early_data(ctx, kind, options)) {
    return std::unexpected("OpenSSL refused the settings for early data: " + ossl_error() + ".");
  }
  if (options.key_log != nullptr && !install_key_log(ctx, *options.key_log)) {
    return std::unexpected("OpenSSL refused the key log: " + ossl_error() + ".");
  }
  const auto policy = install_client_auth(ctx, options.client_auth, options.client_ca_file);
  if (!policy) return std::unexpected(policy.error());
  if (!set_session_id(ctx, kind, *policy)) {
    return std::unexpected("OpenSSL refused the server's settings: " + ossl_error() + ".");
  }
  auto certificates = certificates_of(options);
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  Shared* const shared =
      attach(ctx, std::make_unique<Shared>(std::move(*certificates), options.alpn));
  if (shared == nullptr) return std::unexpected("OpenSSL has no memory: " + ossl_error() + ".");
  install_alpn(ctx, kind, *shared);
  SSL_CTX_set_cert_cb(ctx, show_certificate, shared);
  return std::unique_ptr<ServerContext>(
      new ServerContext(std::move(*context), shared->certificates));
}

SslPtr ServerContext::new_ssl() const {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace troika::tls
