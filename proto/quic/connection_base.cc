#include "proto/quic/connection_base.h"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "proto/quic/convert.h"
#include "tls/context/describe.h"

namespace troika::quic {
namespace {

// How long ngtcp2 tries to validate a path (RFC 9000 §8.2.4).
constexpr int kValidationPtos = 3;
constexpr Duration kMaxAckDelay = std::chrono::milliseconds(25);
constexpr Duration kInitialPto = 3 * kInitialRtt + kMaxAckDelay;  // RFC 9002 §6.2.1, §5.3

}  // namespace

ConnectionBase::ConnectionBase(const Clock& clock, Random& random, SendBuffer& out,
                               const Address& local, const Address& remote, AppError no_error,
                               BlockPool& blocks, std::uint64_t packets_per_key, Account* above)
    : clock_(clock),
      random_(random),
      account_(above),
      memory_(library_, blocks),
      memory_table_(memory_.table<ngtcp2_mem>()),
      tls_memory_(account_),
      no_error_(no_error),
      packets_per_key_(packets_per_key),
      local_(local),
      remote_(remote),
      close_(out, no_error,
             [this](std::optional<AppError> code) noexcept {
               if (application_) application_->abort(code);
               records_.clear();
             }),
      writer_(out, close_, amplification_) {}

void ConnectionBase::set_session(std::unique_ptr<OsslSession> session) {
  session_ = std::move(session);
  if (session_ != nullptr) tls_memory_.set(tls::kQuicMemory);
}

void ConnectionBase::free_session() noexcept {
  session_.reset();
  tls_memory_.set(0);
}

void ConnectionBase::end_silently() noexcept { close_.abandon(); }

void ConnectionBase::receive(const Datagram& packet, TimePoint now) {
  if (close_.on_packet(packet.bytes.size())) return mark_dirty();
  if (!alive()) return;
  now_ = now;
  writer_.on_received();
  Path path{packet.local, packet.remote};
  const ngtcp2_path view = path.view();
  const ngtcp2_pkt_info info{.ecn = static_cast<std::uint8_t>(packet.ecn)};
  if (!established()) ERR_clear_error();  // so that the queue tells of this handshake alone
  int error = ngtcp2_conn_read_pkt(conn(), &view, &info, as_u8(packet.bytes.data()),
                                   packet.bytes.size(), to_stamp(now));
  if (const int failed = tell_acked(); error == 0) error = failed;
  if (error != 0) on_library_error(error, now);
  check_memory(now);
  if (qlog_.waiting() && phase() == Phase::open) qlog_.open(open_log());
  if (limits_paths()) {
    amplification_.received(to_path(*ngtcp2_conn_get_path(conn())), path, packet.bytes.size(), now,
                            kValidationPtos * std::max(pto(), kInitialPto));
  }
  mark_dirty();
}

bool ConnectionBase::flush(TimePoint now) {
  now_ = now;
  if (phase() != Phase::open) {
    close_.flush(now);
    return false;
  }
  bool more = write_bursts(now);
  if (close_wanted_ && alive())
    close_.end_with(*close_wanted_, {ErrorCode::closed, "closed by this side"});
  if (phase() == Phase::open && !alive()) more = close_.send(conn(), now);
  return more;
}

bool ConnectionBase::write_bursts(TimePoint& now) {
  bool more = true;
  for (std::size_t sent = 0; more && sent < kTurnBytes && !writer_.blocked();) {
    applying_ = true;
    const bool writes = alive() && run_application(now);
    applying_ = false;
    const std::size_t burst = writes ? write_burst(now) : 0;
    if (burst == 0 || !alive()) return false;
    sent += burst;
    // On a fast path, writing takes as long as pacing waits.
    now_ = now = std::max(now, clock_.now());
    more = to_time(ngtcp2_conn_get_expiry(conn())) <= now;
  }
  return more;
}

bool ConnectionBase::limits_paths() noexcept {
  return progress_ == Progress::confirmed && ngtcp2_conn_is_server(conn()) != 0 &&
         !amplification_.rests_on(*ngtcp2_conn_get_path(conn()));
}

Duration ConnectionBase::pto() const noexcept { return from_duration(ngtcp2_conn_get_pto(conn())); }

void ConnectionBase::on_library_error(int error, TimePoint now) {
  close_.on_library_error(error, *session_, application_.get(), now);
}

// The address that logs and access rules see is validated, never just the latest (RFC 9000 §9.3).
// If only the port has changed, the path is most likely the same (§9.4), and so is its MTU.
void ConnectionBase::use_validated(const Path& path) noexcept {
  on_path_validated();
  Address same_port = path.remote;
  same_port.set_port(remote_.port());
  if (same_port != remote_) writer_.on_new_path();
  local_ = path.local;
  remote_ = path.remote;
  amplification_.validated(path);
}

bool ConnectionBase::move_to(const Address& local, TimePoint now) noexcept {
  Path path{local, remote_};
  const ngtcp2_path view = path.view();
  if (progress_ != Progress::confirmed || !alive() ||
      ngtcp2_conn_initiate_migration(conn(), &view, to_stamp(now)) != 0) {
    return false;
  }
  local_ = local;
  mark_dirty();
  return true;
}

// Timers that are due, and the application's part of the flush. False: nothing is to be written.
bool ConnectionBase::run_application(TimePoint now) {
  if (to_stamp(now) >= ngtcp2_conn_get_expiry(conn())) {
    if (const int error = ngtcp2_conn_handle_expiry(conn(), to_stamp(now)); error != 0) {
      on_library_error(error, now);
      return false;
    }
  }
  if (!ready()) return true;
  if (application_->deadline() <= now) application_->on_deadline(now);
  if (drain_ == Drain::wanted) {
    drain_ = Drain::told;
    application_->drain();
  }
  apply_records();
  if (const Status status = application_->apply(now); !status) {
    close_.end_with(application_->close_code(), status.error());
    return false;
  }
  apply_records();
  if (!check_memory(now)) return false;
  if (drain_ == Drain::told && application_->finished()) close(no_error_);
  return true;
}

// Calls whose errors are of no interest may have failed for that reason.
bool ConnectionBase::check_memory(TimePoint now) {
  if (memory_.failed()) on_library_error(NGTCP2_ERR_NOMEM, now);
  return !memory_.failed();
}

std::size_t ConnectionBase::write_burst(TimePoint now) {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn(), &info);
  renew_key(info, now);
  const auto write = [](ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* mark,
                        std::uint8_t* dest, std::size_t size, ngtcp2_tstamp stamp, void* user) {
    return static_cast<ConnectionBase*>(user)->writer_.write_packet(conn, path, mark, {dest, size},
                                                                    stamp);
  };
  const auto written =
      writer_.write_burst(conn(), info, ready() ? application_.get() : nullptr, write, now);
  if (limits_paths()) {
    amplification_.asked(to_path(*ngtcp2_conn_get_path(conn())), now, pto());
  }
  if (!written) on_library_error(written.error(), now);
  return written.value_or(0);
}

TimePoint ConnectionBase::deadline() const noexcept {
  if (phase() != Phase::open) return close_.deadline();
  const TimePoint expiry = to_time(ngtcp2_conn_get_expiry(conn()));
  const TimePoint due = std::min(expiry, amplification_.deadline());
  return ready() ? std::min(due, application_->deadline()) : due;
}

void ConnectionBase::drain() noexcept {
  if (drain_ == Drain::no) drain_ = Drain::wanted;
  mark_writable();
}

Status ConnectionBase::begin_early() {
  early_ = security_.handshaking = true;
  progress_ = Progress::ready;
  return application_->on_ready();
}

// The server has refused early data: the streams of the records no longer exist.
Status ConnectionBase::begin_again() {
  records_.clear();
  if (ngtcp2_conn_tls_early_data_rejected(conn()) != 0) {
    return fail(ErrorCode::internal, "early data cannot be taken back");
  }
  return application_->on_early_rejected();
}

int ConnectionBase::on_key(ngtcp2_encryption_level level) {
  // ngtcp2 itself would notice this only when the handshake is complete.
  if (ngtcp2_conn_is_server(conn()) != 0 &&
      ngtcp2_conn_get_remote_transport_params(conn()) == nullptr) {
    close_.end_without_parameters();
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
  if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT || ready()) return 0;
  session_->on_version_negotiated();
  security_ = tls::describe(session_->ssl());
  security_.handshaking = true;
  security_.address_proven = address_proven_;
  if (!start_application()) return NGTCP2_ERR_CALLBACK_FAILURE;
  progress_ = Progress::ready;
  return close_.result_of(application_->on_ready());
}

int ConnectionBase::on_handshake_completed() {
  const bool is_server = ngtcp2_conn_is_server(conn()) != 0;
  progress_ = is_server ? Progress::confirmed : Progress::established;  // RFC 9001 §4.1.2
  security_ = tls::describe(session_->ssl());
  const bool is_v2 = ngtcp2_conn_get_negotiated_version(conn()) == NGTCP2_PROTO_VER_V2;
  security_.quic_version = is_v2 ? 2 : 1;
  amplification_.validated(to_path(*ngtcp2_conn_get_path(conn())));
  on_established();
  if (early_ && !security_.early_data) {
    if (const int failed = close_.result_of(begin_again()); failed != 0) return failed;
  }
  return close_.result_of(application_->on_handshake_done(now_));
}

// ngtcp2 says so for each frame; the application hears of those of a datagram at once.
int ConnectionBase::on_acked(StreamId stream, std::uint64_t bytes) {
  last_progress_ = now_;
  if (stream != acked_.stream) {
    if (const int failed = tell_acked(); failed != 0) return failed;
    acked_.stream = stream;
  }
  acked_.bytes += bytes;
  return 0;
}

int ConnectionBase::tell_acked() {
  const auto [stream, bytes] = std::exchange(acked_, {});
  return stream == kNoStream ? 0 : close_.result_of(application_->on_acked(stream, bytes));
}

void ConnectionBase::record(Record::Kind kind, StreamId stream, std::uint64_t value) {
  if (phase() != Phase::open) return;
  records_.push_back({kind, stream, value});
  mark_writable();
}

// A stream that no longer exists is no error: the window of the connection opens all the same.
void ConnectionBase::apply_records() {
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

Result<StreamId> ConnectionBase::open_uni() {
  if (!ready() || phase() != Phase::open)
    return fail(ErrorCode::unavailable, "no keys to send with");
  StreamId stream = kNoStream;
  if (ngtcp2_conn_open_uni_stream(conn(), &stream, nullptr) != 0) {
    return fail(ErrorCode::unavailable, "the peer allows no more unidirectional streams");
  }
  return stream;
}

Result<StreamId> ConnectionBase::open_bidi() {
  if (!ready() || phase() != Phase::open)
    return fail(ErrorCode::unavailable, "no keys to send with");
  StreamId stream = kNoStream;
  if (ngtcp2_conn_open_bidi_stream(conn(), &stream, nullptr) != 0) {
    return fail(ErrorCode::unavailable, "the peer allows no more bidirectional streams");
  }
  return stream;
}

std::size_t ConnectionBase::bidi_streams_left() const noexcept {
  if (!ready() || phase() != Phase::open) return 0;
  return static_cast<std::size_t>(ngtcp2_conn_get_streams_bidi_left(conn()));
}

void ConnectionBase::keep_alive(Duration silence) noexcept {
  if (phase() != Phase::open) return;
  // 0 stands for none, of either side.
  ngtcp2_duration idle = ngtcp2_conn_get_local_transport_params(conn())->max_idle_timeout;
  const auto* const peer = ngtcp2_conn_get_remote_transport_params(conn());
  if (peer != nullptr && peer->max_idle_timeout != 0) {
    idle = idle == 0 ? peer->max_idle_timeout : std::min(idle, peer->max_idle_timeout);
  }
  ngtcp2_duration each = to_duration(silence);
  if (idle != 0) each = std::min(each, idle / 2);
  ngtcp2_conn_set_keep_alive_timeout(conn(), each == 0 ? UINT64_MAX : each);
}

void ConnectionBase::extend_credit(StreamId stream, std::size_t bytes) {
  record(Record::Kind::credit, stream, bytes);
}
void ConnectionBase::extend_connection_credit(std::size_t bytes) {
  record(Record::Kind::connection_credit, kNoStream, bytes);
}
void ConnectionBase::extend_peer_bidi_streams(std::size_t count) {
  record(Record::Kind::peer_bidi, kNoStream, count);
}
void ConnectionBase::shutdown_read(StreamId stream, AppError code) {
  record(Record::Kind::shutdown_read, stream, code);
}
void ConnectionBase::shutdown_write(StreamId stream, AppError code) {
  record(Record::Kind::shutdown_write, stream, code);
}

SendCredit ConnectionBase::send_credit(StreamId stream) const noexcept {
  if (conn() == nullptr) return {};
  return {.stream = ngtcp2_conn_get_max_stream_data_left(conn(), stream),
          .connection = ngtcp2_conn_get_max_data_left(conn())};
}

void ConnectionBase::close(AppError code) noexcept {
  if (phase() != Phase::open || close_wanted_) return;
  close_wanted_ = code;
  mark_writable();
}

// Before the handshake is confirmed, asking ngtcp2 would be a programming error.
bool ConnectionBase::update_key(TimePoint now) noexcept {
  return progress_ == Progress::confirmed && phase() == Phase::open &&
         ngtcp2_conn_initiate_key_update(conn(), to_stamp(now)) == 0;
}

// RFC 9001 §6.6: no key may seal too many packets. An update that has to wait until the previous
// one is confirmed (§6.5) is tried again with the next burst.
void ConnectionBase::renew_key(const ngtcp2_conn_info& info, TimePoint now) noexcept {
  if (progress_ != Progress::confirmed) {
    packets_of_old_keys_ = info.pkt_sent;
  } else if (info.pkt_sent - packets_of_old_keys_ >= packets_per_key_ && update_key(now)) {
    packets_of_old_keys_ = info.pkt_sent;
    on_key_updated();
  }
}

}  // namespace troika::quic
