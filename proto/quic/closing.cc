#include "proto/quic/closing.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <bit>

#include "proto/quic/convert.h"
#include "tls/context/describe.h"

namespace troika::quic {
namespace {

constexpr int kClosePtos = 3;  // RFC 9000 §10.2
constexpr std::size_t kReplyFactor = 3;

constexpr bool is_crypto_error(std::uint64_t code) noexcept {
  return code >= NGTCP2_CRYPTO_ERROR && code <= NGTCP2_CRYPTO_ERROR + 0xff;  // RFC 9001 §4.8
}

// RFC 9000 §20.1. Clients with a certificate check of their own report its failure as the first.
std::string_view transport_error_text(std::uint64_t code) noexcept {
  switch (code) {
    case NGTCP2_INTERNAL_ERROR: return "closed by the peer with INTERNAL_ERROR";
    case NGTCP2_FLOW_CONTROL_ERROR: return "closed by the peer with FLOW_CONTROL_ERROR";
    case NGTCP2_STREAM_LIMIT_ERROR: return "closed by the peer with STREAM_LIMIT_ERROR";
    case NGTCP2_STREAM_STATE_ERROR: return "closed by the peer with STREAM_STATE_ERROR";
    case NGTCP2_FINAL_SIZE_ERROR: return "closed by the peer with FINAL_SIZE_ERROR";
    case NGTCP2_FRAME_ENCODING_ERROR: return "closed by the peer with FRAME_ENCODING_ERROR";
    case NGTCP2_TRANSPORT_PARAMETER_ERROR:
      return "closed by the peer with TRANSPORT_PARAMETER_ERROR";
    case NGTCP2_CONNECTION_ID_LIMIT_ERROR:
      return "closed by the peer with CONNECTION_ID_LIMIT_ERROR";
    case NGTCP2_PROTOCOL_VIOLATION: return "closed by the peer with PROTOCOL_VIOLATION";
    case NGTCP2_CRYPTO_BUFFER_EXCEEDED: return "closed by the peer with CRYPTO_BUFFER_EXCEEDED";
    case NGTCP2_KEY_UPDATE_ERROR: return "closed by the peer with KEY_UPDATE_ERROR";
    case NGTCP2_AEAD_LIMIT_REACHED: return "closed by the peer with AEAD_LIMIT_REACHED";
    case NGTCP2_NO_VIABLE_PATH: return "closed by the peer with NO_VIABLE_PATH";
    case NGTCP2_VERSION_NEGOTIATION_ERROR:
      return "closed by the peer with VERSION_NEGOTIATION_ERROR";
    default: return "closed by the peer with a transport error";
  }
}

// The low byte is the TLS alert. The text is static: OpenSSL keeps it in a table.
std::string_view alert_text(std::uint64_t crypto_error, bool is_server) noexcept {
  const auto alert = static_cast<int>(crypto_error & 0xffU);
  if (is_server) return tls::client_alert_text(alert);
  const char* const text =
      ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + alert));
  return text != nullptr ? text : "the peer ended the TLS handshake with an alert";
}

Duration close_period(ngtcp2_conn* conn) noexcept {
  return kClosePtos * from_duration(ngtcp2_conn_get_pto(conn));
}

}  // namespace

int CloseState::result_of(const Status& status) noexcept {
  if (status) return 0;
  application_failed_ = true;
  reason_ = status.error();
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

void CloseState::leave_open(Phase next, std::optional<AppError> code) noexcept {
  // The phase changes first: what the application still asks for is ignored.
  if (std::exchange(phase_, next) == Phase::open) on_end_(code);
}

void CloseState::die(Error reason) {
  reason_ = reason;
  leave_open(Phase::dead, std::nullopt);
}

void CloseState::on_library_error(int error, const OsslSession& session,
                                  const QuicApplication* application, TimePoint now) {
  ngtcp2_conn* const conn = session.conn();
  switch (error) {
    case NGTCP2_ERR_DRAINING: return start_draining(conn, now);
    case NGTCP2_ERR_IDLE_CLOSE: return die({ErrorCode::timeout, "idle for too long"});
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return die({ErrorCode::timeout, "the handshake took too long"});
    case NGTCP2_ERR_RETRY: retry_wanted_ = true; [[fallthrough]];
    case NGTCP2_ERR_DROP_CONN: return die({ErrorCode::protocol, "not a usable first packet"});
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      return die({ErrorCode::protocol, "the peer does not speak our QUIC version"});
    default: break;
  }
  if (application_failed_) return end_with(application->close_code(), reason_);
  ngtcp2_ccerr close;
  ngtcp2_ccerr_default(&close);
  if (error == NGTCP2_ERR_CRYPTO) {
    ngtcp2_ccerr_set_tls_alert(&close, ngtcp2_conn_get_tls_alert(conn), nullptr, 0);
    return end_with(close, {ErrorCode::denied, tls::fault_of(session.ssl())});
  }
  // A single parameter that is missing is an error of QUIC, found when TLS hands them all over.
  if (error == NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM && ngtcp2_conn_get_tls_error(conn) == 0) {
    return end_without_parameters();
  }
  ngtcp2_ccerr_set_liberr(&close, error, nullptr, 0);
  const bool ours = error == NGTCP2_ERR_CALLBACK_FAILURE || ngtcp2_err_is_fatal(error) != 0;
  end_with(close, {ours ? ErrorCode::internal : ErrorCode::protocol, ngtcp2_strerror(error)});
}

// RFC 9001 §8.2: an error of TLS.
void CloseState::end_without_parameters() {
  ngtcp2_ccerr close;
  ngtcp2_ccerr_default(&close);
  ngtcp2_ccerr_set_tls_alert(&close, SSL_AD_MISSING_EXTENSION, nullptr, 0);
  end_with(close, {ErrorCode::protocol, "the peer sent no transport parameters"});
}

void CloseState::end_with(const ngtcp2_ccerr& error, Error reason) {
  if (error_) return;
  error_ = error;
  reason_ = reason;
}

void CloseState::end_with(AppError code, Error reason) {
  ngtcp2_ccerr close;
  ngtcp2_ccerr_default(&close);
  ngtcp2_ccerr_set_application_error(&close, code, nullptr, 0);
  end_with(close, reason);
}

void CloseState::start_draining(ngtcp2_conn* conn, TimePoint now) {
  reason_ = peer_reason(conn);
  end_ = now + close_period(conn);
  leave_open(Phase::draining,
             reset_received_ ? std::nullopt : app_code(*ngtcp2_conn_get_ccerr(conn)));
}

// The transport's NO_ERROR counts as the application's (RFC 9000 §20.1).
std::optional<AppError> CloseState::app_code(const ngtcp2_ccerr& error) const noexcept {
  if (error.type == NGTCP2_CCERR_TYPE_APPLICATION) return error.error_code;
  const bool none =
      error.type == NGTCP2_CCERR_TYPE_TRANSPORT && error.error_code == NGTCP2_NO_ERROR;
  return none ? std::optional(no_error_) : std::nullopt;
}

Error CloseState::peer_reason(ngtcp2_conn* conn) const noexcept {
  if (reset_received_) {
    return {ErrorCode::closed, "stateless reset: the peer has lost the connection"};
  }
  const ngtcp2_ccerr& error = *ngtcp2_conn_get_ccerr(conn);
  if (error.type == NGTCP2_CCERR_TYPE_APPLICATION) {
    if (error.error_code == no_error_) return {ErrorCode::closed, "closed by the peer"};
    return {ErrorCode::protocol, "closed by the peer with an application error"};
  }
  // RFC 9000 §10.2.3: during the handshake this stands for any close by the application.
  if (error.error_code == NGTCP2_NO_ERROR || error.error_code == NGTCP2_APPLICATION_ERROR) {
    return {ErrorCode::closed, "closed by the peer"};
  }
  if (error.error_code == NGTCP2_CONNECTION_REFUSED) {
    return {ErrorCode::unavailable, "the peer refuses new connections"};
  }
  if (error.error_code == NGTCP2_INVALID_TOKEN) {
    return {ErrorCode::denied, "the peer refuses the token of its Retry"};
  }
  if (is_crypto_error(error.error_code)) {
    return {ErrorCode::denied, alert_text(error.error_code, ngtcp2_conn_is_server(conn) != 0)};
  }
  return {ErrorCode::protocol, transport_error_text(error.error_code)};
}

void CloseState::end_transport(std::uint64_t code, Error reason) {
  ngtcp2_ccerr close;
  ngtcp2_ccerr_default(&close);
  ngtcp2_ccerr_set_transport_error(&close, code, nullptr, 0);
  end_with(close, reason);
}

bool CloseState::send(ngtcp2_conn* conn, TimePoint now) {
  if (phase_ != Phase::open || !error_) return false;
  if (out_.blocked()) return true;
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  const std::span space = out_.space().first(ngtcp2_conn_get_path_max_tx_udp_payload_size(conn));
  const ngtcp2_ssize size = ngtcp2_conn_write_connection_close(
      conn, &path.path, &info, as_u8(space.data()), space.size(), &*error_, to_stamp(now));
  if (size <= 0) {  // nothing may be sent: no keys yet, or the amplification limit
    leave_open(Phase::dead, app_code(*error_));
    return false;
  }
  const std::span packet = space.first(static_cast<std::size_t>(size));
  packet_.assign(packet.begin(), packet.end());
  local_ = Address(path.path.local.addr);
  remote_ = Address(path.path.remote.addr);
  end_ = now + close_period(conn);
  leave_open(Phase::closing, app_code(*error_));
  out_.send({.local = local_, .remote = remote_, .bytes = packet});
  return false;
}

// RFC 9000 §10.2.1: replies get rarer, and never exceed three times the bytes received.
bool CloseState::on_packet(std::size_t bytes) noexcept {
  if (phase_ != Phase::closing) return false;
  ++received_;
  credit_ += kReplyFactor * bytes;
  if (!std::has_single_bit(received_)) return false;
  reply_due_ = true;
  return true;
}

void CloseState::flush(TimePoint now) {
  if (phase_ != Phase::dead && now >= end_) phase_ = Phase::dead;
  if (phase_ == Phase::closing && reply_due_ && !out_.blocked() && credit_ >= packet_.size()) {
    credit_ -= packet_.size();
    out_.send_copy({.local = local_, .remote = remote_, .bytes = packet_});
  }
  reply_due_ = false;
}

}  // namespace troika::quic
