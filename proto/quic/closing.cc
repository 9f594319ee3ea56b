#include <openssl/err.h>
#include <openssl/ssl.h>

#include <bit>

#include "proto/quic/convert.h"
#include "proto/quic/core.h"
#include "tls/context/describe.h"

namespace troika::quic {
namespace {

constexpr int kCloseStatePtos = 3;  // RFC 9000 §10.2
constexpr std::size_t kAnswerFactor = 3;

constexpr bool is_crypto_error(std::uint64_t code) noexcept {
  return code >= NGTCP2_CRYPTO_ERROR && code <= NGTCP2_CRYPTO_ERROR + 0xff;  // RFC 9001 §4.8
}

// RFC 9000 §20.1. Clients that refuse a certificate by a check of their own end with the first.
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

// The alert is its last byte; the text lies in a table of OpenSSL's.
std::string_view alert_text(std::uint64_t crypto_error, bool serves) noexcept {
  const auto alert = static_cast<int>(crypto_error & 0xffU);
  if (serves) return tls::client_alert_text(alert);
  const char* const text =
      ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + alert));
  return text != nullptr ? text : "the peer ended the TLS handshake with an alert";
}

// What a close says to the application: NO_ERROR of the transport is one, too (RFC 9000 §20.1).
std::optional<AppError> code_of(const ngtcp2_ccerr& error) noexcept {
  if (error.type == NGTCP2_CCERR_TYPE_APPLICATION) return error.error_code;
  const bool none =
      error.type == NGTCP2_CCERR_TYPE_TRANSPORT && error.error_code == NGTCP2_NO_ERROR;
  return none ? std::optional(kNoError) : std::nullopt;
}

}  // namespace

void Core::leave_open(Phase next, std::optional<AppError> code) noexcept {
  if (phase_ == Phase::open && application_) {
    phase_ = next;  // first: what the application still asks for is not heard
    application_->abort(code);
  }
  phase_ = next;
  records_.clear();
}

void Core::die(Error reason) {
  reason_ = reason;
  leave_open(Phase::dead);
}

// What a negative answer of ngtcp2 means for the connection.
void Core::on_library_error(int error, TimePoint now) {
  switch (error) {
    case NGTCP2_ERR_DRAINING: return start_draining(now);
    case NGTCP2_ERR_IDLE_CLOSE: return die({ErrorCode::timeout, "idle for too long"});
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return die({ErrorCode::timeout, "the handshake took too long"});
    case NGTCP2_ERR_RETRY: retry_wanted_ = true; [[fallthrough]];
    case NGTCP2_ERR_DROP_CONN: return die({ErrorCode::protocol, "not a usable first packet"});
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      return die({ErrorCode::protocol, "the peer does not speak our QUIC version"});
    default: break;
  }
  if (application_failed_) {
    return end_with_application_error(application_->close_code(), reason_);
  }
  ngtcp2_ccerr close;
  ngtcp2_ccerr_default(&close);
  if (error == NGTCP2_ERR_CRYPTO) {
    ngtcp2_ccerr_set_tls_alert(&close, ngtcp2_conn_get_tls_alert(conn()), nullptr, 0);
    return end_with(close, {ErrorCode::denied, tls::fault_of(session().ssl())});
  }
  // RFC 9001 §8.2: there are none, which is TLS's error; one that is missing among them is QUIC's.
  if (error == NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM &&
      ngtcp2_conn_get_remote_transport_params(conn()) == nullptr) {
    ngtcp2_ccerr_set_tls_alert(&close, SSL_AD_MISSING_EXTENSION, nullptr, 0);
    return end_with(close, {ErrorCode::protocol, "the peer sent no transport parameters"});
  }
  ngtcp2_ccerr_set_liberr(&close, error, nullptr, 0);
  const bool ours = error == NGTCP2_ERR_CALLBACK_FAILURE || ngtcp2_err_is_fatal(error) != 0;
  end_with(close, {ours ? ErrorCode::internal : ErrorCode::protocol, ngtcp2_strerror(error)});
}

void Core::end_with(const ngtcp2_ccerr& error, Error reason) {
  if (ending_) return;
  ending_ = error;
  reason_ = reason;
}

void Core::end_with_application_error(AppError code, Error reason) {
  ngtcp2_ccerr close;
  ngtcp2_ccerr_default(&close);
  ngtcp2_ccerr_set_application_error(&close, code, nullptr, 0);
  end_with(close, reason);
}

void Core::start_draining(TimePoint now) {
  reason_ = peer_reason();
  closing_.end = now + kCloseStatePtos * pto();
  leave_open(Phase::draining, peer_code());
}

std::optional<AppError> Core::peer_code() const noexcept {
  return reset_received_ ? std::nullopt : code_of(*ngtcp2_conn_get_ccerr(conn()));
}

Error Core::peer_reason() const noexcept {
  if (reset_received_)
    return {ErrorCode::closed, "stateless reset: the peer has lost the connection"};
  const ngtcp2_ccerr& error = *ngtcp2_conn_get_ccerr(conn());
  if (error.type == NGTCP2_CCERR_TYPE_APPLICATION) {
    if (error.error_code == kNoError) return {ErrorCode::closed, "closed by the peer"};
    return {ErrorCode::protocol, "closed by the peer with an application error"};
  }
  // RFC 9000 §10.2.3: during the handshake an application's close, of whatever code, is this one.
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
    return {ErrorCode::denied, alert_text(error.error_code, ngtcp2_conn_is_server(conn()) != 0)};
  }
  return {ErrorCode::protocol, transport_error_text(error.error_code)};
}

// True: the way out is blocked, try again.
bool Core::send_close(const ngtcp2_ccerr& error, TimePoint now) {
  if (outbox_.blocked()) return true;
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  const std::span space =
      outbox_.buffer().first(ngtcp2_conn_get_path_max_tx_udp_payload_size(conn()));
  const ngtcp2_ssize size = ngtcp2_conn_write_connection_close(
      conn(), &path.path, &info, as_u8(space.data()), space.size(), &error, to_stamp(now));
  if (size <= 0) {  // nothing may be sent: no keys yet, or the amplification limit
    leave_open(Phase::dead, code_of(error));
    return false;
  }
  const std::span packet = space.first(static_cast<std::size_t>(size));
  closing_.packet.assign(packet.begin(), packet.end());
  closing_.local = Address(path.path.local.addr);
  closing_.remote = Address(path.path.remote.addr);
  closing_.end = now + kCloseStatePtos * pto();
  leave_open(Phase::closing, code_of(error));
  outbox_.send({.local = closing_.local, .remote = closing_.remote, .bytes = packet});
  return false;
}

// RFC 9000 §10.2.1: answers get rarer, and never more bytes than three times what came.
void Core::on_packet_while_closing(std::size_t bytes) {
  ++closing_.received;
  closing_.credit += kAnswerFactor * bytes;
  if (!std::has_single_bit(closing_.received)) return;
  closing_.answer = true;
  dirty();
}

void Core::flush_ended(TimePoint now) {
  if (phase_ != Phase::dead && now >= closing_.end) phase_ = Phase::dead;
  if (phase_ == Phase::closing && closing_.answer && !outbox_.blocked() &&
      closing_.credit >= closing_.packet.size()) {
    closing_.credit -= closing_.packet.size();
    const std::span packet = outbox_.buffer().first(closing_.packet.size());
    std::ranges::copy(closing_.packet, packet.begin());
    outbox_.send({.local = closing_.local, .remote = closing_.remote, .bytes = packet});
  }
  closing_.answer = false;
}

}  // namespace troika::quic
