#pragma once
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>

#include <cstdint>
#include <memory>

#include "tls/ossl.h"
#include "tls/tickets/resumption.h"

namespace troika::quic {

struct ConnFree {
  void operator()(ngtcp2_conn* conn) const noexcept { ngtcp2_conn_del(conn); }
};
using ConnPtr = std::unique_ptr<ngtcp2_conn, ConnFree>;

// An ngtcp2 connection with its TLS, connected to each other and freed in the order that both
// libraries require.
class OsslSession {
 public:
  enum class Side { server, client };

  // Null if a library fails. `ssl` is in accept or connect state.
  static std::unique_ptr<OsslSession> make(Side side, ConnPtr conn, tls::SslPtr ssl);
  OsslSession(const OsslSession&) = delete;
  OsslSession& operator=(const OsslSession&) = delete;
  ~OsslSession();

  ngtcp2_conn* conn() const noexcept { return conn_.get(); }
  const SSL* ssl() const noexcept { return ssl_.get(); }

  // Server: what its tickets depend on; `application` stands for the application's settings.
  bool tag_tickets(std::uint64_t application);
  void on_version_negotiated() noexcept;

  // Client: the session that is resumed allows early data.
  bool offers_early_data() const noexcept { return offers_early_data_; }

 private:
  struct ContextFree {
    void operator()(ngtcp2_crypto_ossl_ctx* context) const noexcept {
      ngtcp2_crypto_ossl_ctx_del(context);
    }
  };
  OsslSession(ConnPtr conn, tls::SslPtr ssl) noexcept;

  tls::SessionTag tag_;
  bool offers_early_data_ = false;
  ngtcp2_crypto_conn_ref ref_{};  // OpenSSL's callbacks find the connection through it
  // Freed from the last to the first: the context owns bytes that the SSL points to.
  std::unique_ptr<ngtcp2_crypto_ossl_ctx, ContextFree> context_;
  ConnPtr conn_;
  tls::SslPtr ssl_;
};

}  // namespace troika::quic
