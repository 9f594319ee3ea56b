#include "tls/ossl.h"

#include <openssl/err.h>

#include <array>
#include <system_error>

namespace troika::tls {

std::string ossl_error() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags);
  if (code == 0) return "no further detail";
  std::string text;
  if (ERR_SYSTEM_ERROR(code)) {
    text = std::generic_category().message(ERR_GET_REASON(code));
  } else if (const char* reason = ERR_reason_error_string(code)) {
    text = reason;
  } else {
    std::array<char, 256> buffer{};
    ERR_error_string_n(code, buffer.data(), buffer.size());
    text = buffer.data();
  }
  if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') {
    text.append(": ").append(data);
  }
  ERR_clear_error();
  return text;
}

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

namespace {

// Without '/', which makes tuples: with them OpenSSL sends a HelloRetryRequest to a client that
// lists X25519MLKEM768 and sends only a share for X25519. That costs a round trip and the 0-RTT
// data.
constexpr const char* kGroups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

}  // namespace

Checked<SslContextPtr> make_context(const SSL_METHOD* method, TransportKind kind) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return std::unexpected("OpenSSL cannot make a context: " + ossl_error() + ".");
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int oldest = kind == TransportKind::tcp ? TLS1_2_VERSION : TLS1_3_VERSION;
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
  // RFC 8446 §D.4: not needed, as middleboxes cannot see QUIC's handshake.
  if (kind == TransportKind::quic) SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  return context;
}

}  // namespace troika::tls
