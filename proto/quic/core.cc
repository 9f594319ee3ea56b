#include "proto/quic/core.h"

#include <openssl/err.h>

#include <algorithm>

#include "proto/quic/convert.h"
#include "proto/quic/settings.h"

namespace troika::quic {
namespace {

// How long ngtcp2 tries to validate a path (RFC 9000 §8.2.4).
constexpr int kValidationPtos = 3;
constexpr Duration kMaxAckDelay = std::chrono::milliseconds(25);
constexpr Duration kInitialPto = 3 * kInitialRtt + kMaxAckDelay;  // RFC 9002 §6.2.1, §5.3

}  // namespace

void Core::receive(const Datagram& packet, TimePoint now) {
  if (phase_ == Phase::closing) return on_packet_while_closing(packet.bytes.size());
  if (!alive()) return;
  now_ = now;
  unanswered_since_ = kNever;
  Path path{packet.local, packet.remote};
  const ngtcp2_path view = path.view();
  const ngtcp2_pkt_info info{.ecn = static_cast<std::uint8_t>(packet.ecn)};
  if (!established_) ERR_clear_error();  // what it holds afterwards is of this handshake
  const int error = ngtcp2_conn_read_pkt(conn(), &view, &info, as_u8(packet.bytes.data()),
                                         packet.bytes.size(), to_stamp(now));
  if (error != 0) on_library_error(error, now);
  if (qlog_.waiting() && phase_ == Phase::open) qlog_.open(open_log());
  if (limits_paths()) {
    budget_.received(to_path(*ngtcp2_conn_get_path(conn())), path, packet.bytes.size(), now,
                     kValidationPtos * std::max(pto(), kInitialPto));
  }
  dirty();
}

bool Core::flush(TimePoint now) {
  now_ = now;
  if (phase_ != Phase::open) {
    flush_ended(now);
    return false;
  }
  bool more = false;
  if (!ending_ && run_application(now)) more = write_burst(now);
  if (phase_ == Phase::open && close_wanted_ && !ending_) {
    end_with_application_error(*close_wanted_, {ErrorCode::closed, "closed by this side"});
  }
  if (phase_ == Phase::open && ending_) more = send_close(*ending_, now);
  return more;
}

bool Core::limits_paths() const noexcept {
  return confirmed_ && ngtcp2_conn_is_server(conn()) != 0;
}

Duration Core::pto() const noexcept { return from_duration(ngtcp2_conn_get_pto(conn())); }

// Behind another port of the same address the path is most likely the one that it was (RFC 9000
// §9.4), and so is its MTU.
void Core::path_changed(const Address& local, const Address& remote) noexcept {
  Address same_port = remote;
  same_port.set_port(remote_.port());
  if (same_port != remote_) packet_limit_ = kNoLimit;
  local_ = local;
  remote_ = remote;
  budget_.validated({local, remote});
}

bool Core::move_to(const Address& local, TimePoint now) noexcept {
  Path path{local, remote_};
  const ngtcp2_path view = path.view();
  if (!confirmed_ || !alive() ||
      ngtcp2_conn_initiate_migration(conn(), &view, to_stamp(now)) != 0) {
    return false;
  }
  local_ = local;
  dirty();
  return true;
}

// What is due and what was recorded. False: nothing is to be written.
bool Core::run_application(TimePoint now) {
  if (to_stamp(now) >= ngtcp2_conn_get_expiry(conn())) {
    if (const int error = ngtcp2_conn_handle_expiry(conn(), to_stamp(now)); error != 0) {
      on_library_error(error, now);
      return false;
    }
  }
  if (!ready_) return true;
  if (application_->deadline() <= now) application_->on_deadline(now);
  if (drain_wanted_ && !drain_told_) {
    drain_told_ = true;
    application_->drain();
  }
  apply_records();
  if (const Status status = application_->apply(now); !status) {
    end_with_application_error(application_->close_code(), status.error());
    return false;
  }
  apply_records();
  if (drain_told_ && application_->finished()) close(kNoError);
  return true;
}

TimePoint Core::deadline() const noexcept {
  if (phase_ == Phase::dead) return kNever;
  if (phase_ != Phase::open) return closing_.end;
  const TimePoint expiry = to_time(ngtcp2_conn_get_expiry(conn()));
  const TimePoint due = std::min(expiry, budget_.deadline());
  return ready_ ? std::min(due, application_->deadline()) : due;
}

void Core::drain() noexcept {
  drain_wanted_ = true;
  mark_writable();
}

Status Core::begin_early() {
  early_ = ready_ = security_.handshaking = true;
  return application_->on_ready();
}

// What was recorded is about streams that are no more.
Status Core::begin_again() {
  records_.clear();
  if (ngtcp2_conn_tls_early_data_rejected(conn()) != 0) {
    return fail(ErrorCode::internal, "early data cannot be taken back");
  }
  return application_->on_early_rejected();
}

int Core::answer(const Status& status) noexcept {
  if (status) return 0;
  application_failed_ = true;
  reason_ = status.error();
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

void Core::record(Record::Kind kind, StreamId stream, std::uint64_t value) {
  if (phase_ != Phase::open) return;
  records_.push_back({kind, stream, value});
  mark_writable();
}

// A stream that is gone by now is no error: the connection's window opens all the same.
void Core::apply_records() {
  for (const Record& record : records_) {
    switch (record.kind) {
      case Record::Kind::credit:
        ngtcp2_conn_extend_max_stream_offset(conn(), record.stream, record.value);
        [[fallthrough]];
      case Record::Kind::connection_credit:
        ngtcp2_conn_extend_max_offset(conn(), record.value);
        break;
      case Record::Kind::peer_bidi:
        ngtcp2_conn_extend_max_streams_bidi(conn(), record.value);
        break;
      case Record::Kind::shutdown_read:
        ngtcp2_conn_shutdown_stream_read(conn(), 0, record.stream, record.value);
        break;
      case Record::Kind::shutdown_write:
        ngtcp2_conn_shutdown_stream_write(conn(), 0, record.stream, record.value);
        break;
    }
  }
  records_.clear();
}

Result<StreamId> Core::open_uni() {
  if (!ready_ || phase_ != Phase::open) return fail(ErrorCode::unavailable, "no keys to send with");
  StreamId stream = kNoStream;
  if (ngtcp2_conn_open_uni_stream(conn(), &stream, nullptr) != 0) {
    return fail(ErrorCode::unavailable, "the peer allows no more unidirectional streams");
  }
  return stream;
}

Result<StreamId> Core::open_bidi() {
  if (!ready_ || phase_ != Phase::open) return fail(ErrorCode::unavailable, "no keys to send with");
  StreamId stream = kNoStream;
  if (ngtcp2_conn_open_bidi_stream(conn(), &stream, nullptr) != 0) {
    return fail(ErrorCode::unavailable, "the peer allows no more bidirectional streams");
  }
  return stream;
}

bool Core::may_open_bidi() const noexcept {
  return ready_ && phase_ == Phase::open && ngtcp2_conn_get_streams_bidi_left(conn()) > 0;
}

void Core::extend_credit(StreamId stream, std::size_t bytes) {
  record(Record::Kind::credit, stream, bytes);
}
void Core::extend_connection_credit(std::size_t bytes) {
  record(Record::Kind::connection_credit, kNoStream, bytes);
}
void Core::extend_peer_bidi_streams(std::size_t count) {
  record(Record::Kind::peer_bidi, kNoStream, count);
}
void Core::shutdown_read(StreamId stream, AppError code) {
  record(Record::Kind::shutdown_read, stream, code);
}
void Core::shutdown_write(StreamId stream, AppError code) {
  record(Record::Kind::shutdown_write, stream, code);
}

void Core::close(AppError code) noexcept {
  if (phase_ != Phase::open || close_wanted_) return;
  close_wanted_ = code;
  mark_writable();
}

// Before the handshake is confirmed ngtcp2 takes the question for a mistake of the program.
bool Core::update_key(TimePoint now) noexcept {
  return confirmed_ && phase_ == Phase::open &&
         ngtcp2_conn_initiate_key_update(conn(), to_stamp(now)) == 0;
}

// RFC 9001 §6.6: no key is to seal too many packets. An update that has to wait for the
// confirmation of the one before (§6.5) is tried again with the next burst.
void Core::renew_key(const ngtcp2_conn_info& info, TimePoint now) noexcept {
  if (!confirmed_) {
    packets_of_old_keys_ = info.pkt_sent;
  } else if (info.pkt_sent - packets_of_old_keys_ >= packets_per_key_ && update_key(now)) {
    packets_of_old_keys_ = info.pkt_sent;
    on_key_updated();
  }
}

}  // namespace troika::quic
