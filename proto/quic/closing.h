#pragma once
#include <ngtcp2/ngtcp2.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "proto/quic/application.h"
#include "proto/quic/ossl_session.h"
#include "proto/quic/send_buffer.h"

namespace troika::quic {

enum class Phase : std::uint8_t {
  open,
  closing,   // CONNECTION_CLOSE was sent and is repeated for packets that arrive (RFC 9000 §10.2.1)
  draining,  // the peer has closed the connection: nothing is sent (§10.2.2)
  dead,
};

// How a connection ends: the phase, the reason, and the CONNECTION_CLOSE (RFC 9000 §10).
class CloseState {
 public:
  // Called once, when the connection is no longer open. `code` is the application's error code, of
  // the side that closed the connection; none: the connection was lost, by a timeout, a reset or an
  // error of the transport.
  using OnEnd = std::move_only_function<void(std::optional<AppError> code) noexcept>;

  // `no_error` is the application's code for a close without an error. `out` outlives this object.
  CloseState(SendBuffer& out, AppError no_error, OnEnd on_end)
      : out_(out), no_error_(no_error), on_end_(std::move(on_end)) {}

  Phase phase() const noexcept { return phase_; }
  // Open, and no error waits to be sent.
  bool alive() const noexcept { return phase_ == Phase::open && !error_; }
  bool wants_retry() const noexcept { return retry_wanted_; }  // the phase is dead
  const Error& reason() const noexcept { return reason_; }

  // What an ngtcp2 callback returns after a call of the application: a failed call ends the
  // connection with the application's code.
  int result_of(const Status& status) noexcept;
  // `application` may be null unless one of its calls has failed.
  void on_library_error(int error, const OsslSession& session, const QuicApplication* application,
                        TimePoint now);
  void on_stateless_reset() noexcept { reset_received_ = true; }

  // The next flush sends CONNECTION_CLOSE with this code. Only the first error counts.
  void end_with(AppError code, Error reason);
  void end_transport(std::uint64_t code, Error reason);  // the same, with a code of QUIC's
  void end_without_parameters();  // the same, as the peer sent no transport parameters
  // Sends CONNECTION_CLOSE if an error waits. True: the send buffer is blocked, call again.
  bool send(ngtcp2_conn* conn, TimePoint now);
  // Ends without a word to the peer.
  void abandon() noexcept { leave_open(Phase::dead, std::nullopt); }

  // For the phases after open. on_packet(): true if the next flush repeats the CONNECTION_CLOSE.
  bool on_packet(std::size_t bytes) noexcept;
  void flush(TimePoint now);
  TimePoint deadline() const noexcept { return phase_ == Phase::dead ? kNever : end_; }

 private:
  void leave_open(Phase next, std::optional<AppError> code) noexcept;
  void die(Error reason);
  void start_draining(ngtcp2_conn* conn, TimePoint now);
  void end_with(const ngtcp2_ccerr& error, Error reason);
  Error peer_reason(ngtcp2_conn* conn) const noexcept;
  std::optional<AppError> app_code(const ngtcp2_ccerr& error) const noexcept;

  SendBuffer& out_;
  const AppError no_error_;
  OnEnd on_end_;
  Phase phase_ = Phase::open;
  bool application_failed_ = false, reset_received_ = false, retry_wanted_ = false;
  std::optional<ngtcp2_ccerr> error_;  // the peer is told of it by the next flush
  Error reason_{ErrorCode::closed, "closed by this side"};

  // Closing and draining.
  std::vector<std::byte> packet_;  // the CONNECTION_CLOSE
  Address local_, remote_;
  TimePoint end_{};
  std::uint64_t received_ = 0;  // packets since the close
  std::size_t credit_ = 0;      // bytes that may be sent
  bool reply_due_ = false;
};

}  // namespace troika::quic
