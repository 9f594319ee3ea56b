#include "proto/h3/engine.h"

#include <nghttp3/nghttp3.h>

#include <algorithm>
#include <utility>

#include "base/digest64.h"
#include "proto/h3/callbacks.h"
#include "proto/h3/session.h"

namespace troika::h3 {

std::string library_version() { return std::string("nghttp3 ") + nghttp3_version(0)->version_str; }

namespace {

constexpr std::size_t kEncoderTable = 4096;
constexpr std::size_t kClientBlocked = 16;  // responses that a client lets wait for QPACK
constexpr nghttp3_data_reader kReader{EngineCallbacks<Engine>::read_data};

}  // namespace

quic::ApplicationTraits traits(const Limits& limits, bool takes_tunnels) {
  const std::uint64_t settings = Digest64()
                                     .add(std::uint64_t{limits.header_list_bytes})
                                     .add(std::uint64_t{limits.qpack_table_bytes})
                                     .add(std::uint64_t{limits.qpack_blocked_streams})
                                     .add(std::uint64_t{takes_tunnels})
                                     .value();
  return {.alpn = "h3",
          .no_error = kNoError,
          .excessive_load = NGHTTP3_H3_EXCESSIVE_LOAD,
          .uni_streams = 3,  // control, and two of QPACK (RFC 9114 §6.2); replenished as they close
          .settings_tag = settings};
}

Status Engine::open() {
  const auto control = quic_.open_uni();
  const auto encoder = quic_.open_uni();
  const auto decoder = quic_.open_uni();
  // RFC 9114 §6.2: a peer has to allow three at least.
  if (!control || !encoder || !decoder) {
    return fail_with(NGHTTP3_H3_GENERAL_PROTOCOL_ERROR, "the peer allows too few streams");
  }
  control_ = *control;
  if (!check(make_conn()) || !check(nghttp3_conn_bind_control_stream(conn_.get(), control_)) ||
      !check(nghttp3_conn_bind_qpack_streams(conn_.get(), *encoder, *decoder))) {
    return status();
  }
  // As many again may wait for acknowledgements: see ServerSession::allow_more_streams().
  nghttp3_conn_set_max_concurrent_streams(conn_.get(), 2 * std::size_t{limits_.concurrent_streams});
  if (side_ == Side::server) allow_streams(limits_.concurrent_streams);
  quic_.mark_writable();
  return {};
}

Status Engine::reopen() {
  conn_.reset();
  writer_.begin(nullptr);
  waiting_.clear();
  unread_ = 0;
  return last_error_ == 0 ? open() : status();
}

int Engine::make_conn() {
  nghttp3_settings settings;
  nghttp3_settings_default(&settings);
  settings.max_field_section_size =
      side_ == Side::server ? limits_.header_list_bytes : limits_.response_bytes;
  settings.qpack_max_dtable_capacity = limits_.qpack_table_bytes;
  settings.qpack_encoder_max_dtable_capacity = kEncoderTable;
  settings.qpack_blocked_streams =
      side_ == Side::server ? limits_.qpack_blocked_streams : kClientBlocked;
  settings.glitch_ratelim_burst = limits_.glitches.burst;
  settings.glitch_ratelim_rate = limits_.glitches.per_second;
  settings.enable_connect_protocol = owner_.takes_tunnels() ? 1 : 0;
  const nghttp3_callbacks callbacks = EngineCallbacks<Engine>::table();
  nghttp3_conn* conn = nullptr;
  const int code =
      side_ == Side::server
          ? nghttp3_conn_server_new(&conn, &callbacks, &settings, &memory_table_, this)
          : nghttp3_conn_client_new(&conn, &callbacks, &settings, &memory_table_, this);
  conn_.reset(conn);
  writer_.begin(conn);
  return code;
}

bool Engine::check(int code) noexcept {
  if (memory_.failed()) code = NGHTTP3_ERR_NOMEM;
  if (code != 0 && last_error_ == 0) last_error_ = code;
  return code == 0;
}

Status Engine::fail_with(quic::AppError code, std::string_view why) noexcept {
  if (last_error_ == 0) {
    own_error_ = code;
    last_error_ = NGHTTP3_ERR_H3_GENERAL_PROTOCOL_ERROR;
  }
  return fail(ErrorCode::protocol, why);
}

Status Engine::fail_critical() noexcept {
  return fail_with(NGHTTP3_H3_CLOSED_CRITICAL_STREAM, "the peer closed a critical stream");
}

Status Engine::status() const noexcept {
  if (last_error_ == 0) return {};
  return fail(ErrorCode::protocol, nghttp3_strerror(last_error_));
}

quic::AppError Engine::close_code() const noexcept {
  if (own_error_) return *own_error_;
  if (last_error_ == 0) return NGHTTP3_H3_NO_ERROR;
  // A name or value beyond nghttp3's own limits: not a fault of ours, as it would have it.
  if (last_error_ == NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE) return NGHTTP3_H3_EXCESSIVE_LOAD;
  return nghttp3_err_infer_quic_app_error_code(last_error_);
}

Status Engine::read(quic::StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now) {
  if (!is_open()) return status();
  EngineStream* const ended = fin ? owner_.find(id) : nullptr;
  if (ended != nullptr && ended->reading_ == Reading::open) ended->reading_ = Reading::fin;
  const nghttp3_ssize consumed = nghttp3_conn_read_stream2(
      conn_.get(), id, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), fin,
      static_cast<nghttp3_tstamp>(now.time_since_epoch().count()));
  // RFC 9114 §4.1.2 asks for an error of the stream alone where a message is malformed.
  // nghttp3 1.15 has one kind of error, after which it may only be freed: it leaves a section of
  // fields half decoded, and forgets which entries of QPACK's table that section still refers to.
  if (consumed < 0) {
    check(static_cast<int>(consumed));
  } else if (consumed > 0) {
    quic_.extend_credit(id, static_cast<std::size_t>(consumed));
  }
  close_unblocked();
  return status();
}

Status Engine::acked(quic::StreamId id, std::uint64_t bytes) {
  if (is_open()) check(nghttp3_conn_add_ack_offset(conn_.get(), id, bytes));
  if (is_open()) check(writer_.resume_starved());
  return status();
}

void Engine::credit(EngineStream& stream, std::size_t bytes) {
  const std::size_t owed = std::min(bytes, stream.unconsumed_);
  stream.unconsumed_ -= owed;
  unread_ -= owed;
  if (owed == 0) return;
  if (stream.closed()) {
    quic_.extend_connection_credit(owed);
  } else {
    quic_.extend_credit(stream.id(), owed);
  }
  quic_.mark_writable();
}

void Engine::forget_unread(EngineStream& stream) {
  if (const std::size_t unread = std::exchange(stream.unconsumed_, 0); unread > 0) {
    unread_ -= unread;
    quic_.extend_connection_credit(unread);
    quic_.mark_writable();
  }
}

Status Engine::closed(quic::StreamId id, std::optional<quic::AppError> code) {
  EngineStream* const stream = owner_.find(id);
  if (stream != nullptr) {
    stream->transport_ = Transport::closed;
    writer_.release(*stream);
    if (is_open()) check(writer_.resume_starved());
  }
  if (!code && stream != nullptr && stream->reading_ == Reading::fin && is_open()) {
    waiting_.push_back(id);
  } else {
    close_stream(id, code.value_or(NGHTTP3_H3_NO_ERROR));
  }
  return status();
}

void Engine::close_stream(quic::StreamId id, quic::AppError code) {
  if (is_open()) {
    closing_ = true;
    const int result = nghttp3_conn_close_stream(conn_.get(), id, code);
    closing_ = false;
    // nghttp3 has no record of a stream of the peer that ended before its type was read.
    if (result != NGHTTP3_ERR_STREAM_NOT_FOUND) check(result);
  }
  if (EngineStream* stream = owner_.find(id)) stream->transport_ = Transport::released;
  owner_.on_released(id, code == NGHTTP3_H3_NO_ERROR ? std::nullopt : std::optional(code));
}

void Engine::close_unblocked() {
  for (const quic::StreamId id : std::exchange(waiting_, {})) {
    const EngineStream* const stream = owner_.find(id);
    if (stream != nullptr && stream->reading_ == Reading::fin && is_open()) {
      waiting_.push_back(id);
    } else {
      close_stream(id, NGHTTP3_H3_NO_ERROR);
    }
  }
}

void Engine::forget_waiting(quic::StreamId id) {
  if (std::erase(waiting_, id) != 0) close_stream(id, NGHTTP3_H3_REQUEST_CANCELLED);
}

void Engine::allow_streams(std::uint64_t more) {
  max_requests_ += more;
  if (is_open()) nghttp3_conn_set_max_client_streams_bidi(conn_.get(), max_requests_);
}

void Engine::submit_request(EngineStream& stream, const FieldList& fields, bool body) {
  if (!is_open()) return;
  check(nghttp3_conn_submit_request(conn_.get(), stream.id(), fields.data(), fields.size(),
                                    body ? &kReader : nullptr, &stream));
  quic_.mark_writable();
}

void Engine::submit_info(const EngineStream& stream, const FieldList& fields) {
  if (!is_open()) return;
  check(nghttp3_conn_submit_info(conn_.get(), stream.id(), fields.data(), fields.size()));
  quic_.mark_writable();
}

void Engine::submit_response(const EngineStream& stream, const FieldList& fields, bool body) {
  if (!is_open()) return;
  check(nghttp3_conn_submit_response(conn_.get(), stream.id(), fields.data(), fields.size(),
                                     body ? &kReader : nullptr));
  quic_.mark_writable();
}

void Engine::resume(EngineStream& stream) {
  stream.source_blocked_ = false;
  if (!is_open()) return;
  check(nghttp3_conn_resume_stream(conn_.get(), stream.id()));
  quic_.mark_writable();
}

void Engine::shutdown_read(EngineStream& stream, quic::AppError code) {
  peer_shut_read(stream.id());
  quic_.shutdown_read(stream.id(), code);
  forget_unread(stream);
  quic_.mark_writable();
}

void Engine::shutdown_write(EngineStream& stream, quic::AppError code) {
  peer_shut_write(stream.id());
  quic_.shutdown_write(stream.id(), code);
  quic_.mark_writable();
}

void Engine::peer_shut_read(quic::StreamId id) {
  if (is_open()) check(nghttp3_conn_shutdown_stream_read(conn_.get(), id));
}

void Engine::peer_shut_write(quic::StreamId id) {
  if (is_open()) nghttp3_conn_shutdown_stream_write(conn_.get(), id);
}

void Engine::submit_shutdown_notice() {
  if (is_open()) check(nghttp3_conn_submit_shutdown_notice(conn_.get()));
  quic_.mark_writable();
}

void Engine::submit_shutdown() {
  if (is_open()) check(nghttp3_conn_shutdown(conn_.get()));
  quic_.mark_writable();
}

Result<quic::StreamWrite> Engine::next_write() {
  if (is_open()) check(writer_.next());
  if (last_error_ != 0) return std::unexpected(status().error());
  return writer_.offered();
}

Status Engine::wrote(quic::StreamId id, std::size_t bytes) {
  if (is_open()) check(writer_.wrote(id, bytes));
  return status();
}

void Engine::blocked(quic::StreamId id) {
  if (is_open()) nghttp3_conn_block_stream(conn_.get(), id);
  EngineStream* const stream = owner_.find(id);
  if (stream != nullptr && !stream->closed()) stream->transport_ = Transport::blocked;
}

Status Engine::writable(quic::StreamId id) {
  if (is_open()) check(nghttp3_conn_unblock_stream(conn_.get(), id));
  if (is_open()) check(nghttp3_conn_resume_stream(conn_.get(), id));  // its content
  EngineStream* const stream = owner_.find(id);
  if (stream != nullptr && stream->window_shut()) stream->transport_ = Transport::open;
  quic_.mark_writable();
  return status();
}

}  // namespace troika::h3
