#include "tls/context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>

#include "tls/alpn.h"
#include "tls/pem.h"

namespace troika::tls {
namespace {

// No '/' in it: with groups in tuples, OpenSSL answers a client that lists X25519MLKEM768 and sends
// a share for X25519 only by a HelloRetryRequest, which costs a round trip and the client's 0-RTT.
constexpr const char* kGroups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

Checked<SslContextPtr> make_context(const SSL_METHOD* method, Wire wire) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return std::unexpected("OpenSSL cannot make a context: " + ossl_error() + ".");
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int oldest = wire == Wire::tcp ? TLS1_2_VERSION : TLS1_3_VERSION;
  const bool done = SSL_CTX_set_min_proto_version(ctx, oldest) == 1 &&
                    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(ctx, kTls13Ciphers) == 1 &&
                    SSL_CTX_set_cipher_list(ctx, kTls12Ciphers) == 1 &&
                    SSL_CTX_set1_groups_list(ctx, kGroups) == 1;
  if (!done) {
    return std::unexpected(
        "This OpenSSL lacks a protocol version, cipher or group that is needed: " + ossl_error() +
        "; version 3.5 or newer is required.");
  }
  // RFC 8446 §D.4: a middlebox sees QUIC's handshake never, so its disguise is left out.
  if (wire == Wire::quic) SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  return context;
}

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
  return SSL_CTX_set_num_tickets(ctx, 1) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
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

Checked<std::unique_ptr<ServerContext>> ServerContext::make(Wire wire,
                                                            const ServerOptions& options) {
  auto context = make_context(TLS_server_method(), wire);
  if (!context) return std::unexpected(std::move(context.error()));
  if (!configure_server(context->get(), wire)) {
    return std::unexpected("OpenSSL refused the server's settings: " + ossl_error() + ".");
  }
  if (options.ticket_keys) {
    TicketKeys keys = *options.ticket_keys;
    if (SSL_CTX_ctrl(context->get(), SSL_CTRL_SET_TLSEXT_TICKET_KEYS,
                     static_cast<long>(keys.size()), keys.data()) != 1) {
      return std::unexpected("OpenSSL refused the keys for session tickets: " + ossl_error() + ".");
    }
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
  const auto alpn = wire_format(options.alpn);
  if (!alpn.empty() && SSL_CTX_set_alpn_protos(context->get(), alpn.data(),
                                               static_cast<unsigned int>(alpn.size())) != 0) {
    return std::unexpected("OpenSSL refused the client's list of ALPN protocols: " + ossl_error() +
                           ".");
  }
  return std::unique_ptr<ClientContext>(new ClientContext(std::move(*context), verify));
}

SslPtr ClientContext::new_ssl(const std::string& server_name) const {
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
  return ssl;
}

}  // namespace troika::tls
