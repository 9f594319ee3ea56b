#include "proto/quic/ossl_session.h"

#include <array>
#include <mutex>

#include "base/digest64.h"
#include "proto/quic/convert.h"

namespace troika::quic {
namespace {

// Fetches ciphers and key derivation once instead of in each handshake.
void init_library() {
  static std::once_flag once;
  std::call_once(once, [] { ngtcp2_crypto_ossl_init(); });
}

constexpr std::size_t kMostLimitsBytes = 512;

}  // namespace

OsslSession::OsslSession(ConnPtr conn, tls::SslPtr ssl) noexcept
    : conn_(std::move(conn)), ssl_(std::move(ssl)) {
  ref_.user_data = conn_.get();
  ref_.get_conn = [](ngtcp2_crypto_conn_ref* ref) {
    return static_cast<ngtcp2_conn*>(ref->user_data);
  };
}

std::unique_ptr<OsslSession> OsslSession::make(Side side, ConnPtr conn, tls::SslPtr ssl) {
  init_library();
  if (!conn || !ssl) return nullptr;
  std::unique_ptr<OsslSession> session(new OsslSession(std::move(conn), std::move(ssl)));
  ngtcp2_crypto_ossl_ctx* context = nullptr;
  if (ngtcp2_crypto_ossl_ctx_new(&context, session->ssl_.get()) != 0) return nullptr;
  session->context_.reset(context);

  SSL* const raw = session->ssl_.get();
  SSL_set_app_data(raw, &session->ref_);
  const int failed = side == Side::server ? ngtcp2_crypto_ossl_configure_server_session(raw)
                                          : ngtcp2_crypto_ossl_configure_client_session(raw);
  if (failed != 0) return nullptr;
  if (side == Side::client) {
    session->offers_early_data_ = SSL_set_quic_tls_early_data_enabled(raw, 1) == 1;
  } else if (SSL_get_max_early_data(raw) > 0 && SSL_set_quic_tls_early_data_enabled(raw, 1) != 1) {
    return nullptr;
  }
  // This backend expects its own context here, not the SSL.
  ngtcp2_conn_set_tls_native_handle(session->conn(), context);
  return session;
}

// The limits that a client remembers are those that ngtcp2 encodes.
bool OsslSession::tag_tickets(std::uint64_t application) {
  std::array<std::byte, kMostLimitsBytes> limits{};
  const ngtcp2_ssize size =
      ngtcp2_conn_encode_0rtt_transport_params(conn(), as_u8(limits.data()), limits.size());
  if (size < 0) return false;
  tag_.limits = Digest64()
                    .add(std::span(limits).first(static_cast<std::size_t>(size)))
                    .add(application)
                    .value();
  tag_.offered_version = ngtcp2_conn_get_client_chosen_version(conn());
  tag_.negotiated_version = tag_.offered_version;
  return tls::set_session_tag(ssl_.get(), tag_);
}

void OsslSession::on_version_negotiated() noexcept {
  tag_.negotiated_version = ngtcp2_conn_get_negotiated_version(conn());
}

OsslSession::~OsslSession() {
  // SSL_free still calls back into ngtcp2 through the app data.
  if (ssl_) SSL_set_app_data(ssl_.get(), nullptr);
}

}  // namespace troika::quic
