#include <openssl/err.h>

#include <array>

#include "base/digest64.h"
#include "proto/quic/convert.h"
#include "proto/quic/ossl_session.h"

namespace troika::quic {
namespace {

struct SessionFree {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

constexpr std::size_t kMostLimitsBytes = 512;

SessionPtr parse(std::span<const std::byte> der) {
  const unsigned char* at = as_u8(der.data());
  SessionPtr session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size())));
  const bool whole = session && at == as_u8(der.data()) + der.size();
  return whole ? std::move(session) : nullptr;
}

bool is_for(const SSL_SESSION* session, const std::string& server_name) {
  const char* const name = SSL_SESSION_get0_hostname(session);
  return name == nullptr || server_name == name;
}

}  // namespace

// The limits that a client remembers are those that ngtcp2 would have it remember.
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

OsslSession::Resumed OsslSession::resume(std::span<const std::byte> der,
                                         const std::string& server_name) {
  const SessionPtr session = parse(der);
  if (!session || SSL_SESSION_is_resumable(session.get()) != 1) {
    ERR_clear_error();
    return Resumed::damaged;
  }
  if (!is_for(session.get(), server_name) || SSL_set_session(ssl_.get(), session.get()) != 1) {
    ERR_clear_error();
    return Resumed::no;
  }
  const bool early = SSL_set_quic_tls_early_data_enabled(ssl_.get(), 1) == 1;
  ERR_clear_error();
  return early ? Resumed::session_and_early_data : Resumed::session;
}

std::vector<std::byte> OsslSession::session() const {
  SSL_SESSION* const session = SSL_get_session(ssl_.get());
  if (session == nullptr || SSL_SESSION_is_resumable(session) != 1) return {};
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return {};
  std::vector<std::byte> der(static_cast<std::size_t>(size));
  unsigned char* at = as_u8(der.data());
  i2d_SSL_SESSION(session, &at);
  return der;
}

}  // namespace troika::quic
