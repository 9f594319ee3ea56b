#pragma once
#include <nghttp3/nghttp3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/library_memory.h"
#include "http/message/limits.h"
#include "proto/h3/engine_stream.h"
#include "proto/h3/engine_writer.h"
#include "proto/quic/application.h"

namespace troika::h3 {

std::string library_version();  // "nghttp3 1.2.3", as linked at run time

// One nghttp3 connection, of either side: the control streams, the credit for bytes that were read,
// and the connection error. After an error nghttp3 is not called any more.
class Engine {
 public:
  enum class Side : std::uint8_t { client, server };
  Engine(Side side, quic::QuicStreams& quic, const Limits& limits, BlockPool& blocks,
         EngineOwner& owner) noexcept
      : quic_(quic),
        limits_(limits),
        owner_(owner),
        side_(side),
        memory_(quic.account(), blocks),
        memory_table_(memory_.table<nghttp3_mem>()),
        writer_(quic, limits, owner) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Status open();  // RFC 9114 §6.2: the control stream and QPACK's two, the SETTINGS
  // Client: QUIC has forgotten all streams, and so does nghttp3; then as open().
  Status reopen();
  Side side() const noexcept { return side_; }
  bool is_open() const noexcept { return conn_ != nullptr && last_error_ == 0; }
  Status status() const noexcept;
  // Ends the connection with `code`, unless an error came before.
  Status fail_with(quic::AppError code, std::string_view why) noexcept;
  Status fail_critical() noexcept;  // the peer asks us to close a control stream (RFC 9114 §6.2.1)
  void mark_writable() noexcept { quic_.mark_writable(); }
  Account& account() noexcept { return quic_.account(); }
  // So much content waits for its readers that the peer may have no credit for more.
  bool holds_up() const noexcept { return unread_ >= limits_.connection_window / 2; }
  quic::AppError close_code() const noexcept;
  quic::StreamId control_stream() const noexcept { return control_; }

  Status read(quic::StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now);
  Status acked(quic::StreamId id, std::uint64_t bytes);
  void credit(EngineStream& stream, std::size_t bytes);
  // QUIC has closed the stream: frees what was written. If its fields still wait for QPACK's
  // encoder stream (RFC 9204 §2.1.2), nghttp3 would drop them, so it is told only once they are
  // read.
  Status closed(quic::StreamId id, std::optional<quic::AppError> code);
  void forget_waiting(quic::StreamId id);    // these fields are not wanted any more
  void allow_streams(std::uint64_t more);    // server: the peer may open so many more requests
  void forget_unread(EngineStream& stream);  // unread body bytes go back to the connection's window

  void submit_request(EngineStream& stream, const FieldList& fields, bool body);
  void submit_info(const EngineStream& stream, const FieldList& fields);
  void submit_response(const EngineStream& stream, const FieldList& fields, bool body);
  void resume(EngineStream& stream);
  // Also towards QUIC: STOP_SENDING, RESET_STREAM.
  void shutdown_read(EngineStream& stream, quic::AppError code);
  void shutdown_write(EngineStream& stream, quic::AppError code);
  // The peer closed that direction: only nghttp3 is told.
  void peer_shut_read(quic::StreamId id);
  void peer_shut_write(quic::StreamId id);
  void submit_shutdown_notice();
  void submit_shutdown();

  Result<quic::StreamWrite> next_write();
  Status wrote(quic::StreamId id, std::size_t bytes);
  void blocked(quic::StreamId id);
  Status writable(quic::StreamId id);

 private:
  template <class>
  friend struct EngineCallbacks;
  struct Delete {
    void operator()(nghttp3_conn* conn) const noexcept { nghttp3_conn_del(conn); }
  };

  int make_conn();
  bool check(int code) noexcept;  // keeps the first error
  void close_stream(quic::StreamId id, quic::AppError code);
  void close_unblocked();

  quic::QuicStreams& quic_;
  const Limits& limits_;
  EngineOwner& owner_;
  Side side_;
  LibraryMemory memory_;
  const nghttp3_mem memory_table_;
  std::unique_ptr<nghttp3_conn, Delete> conn_;
  quic::StreamId control_ = quic::kNoStream;
  int last_error_ = 0;
  std::optional<quic::AppError> own_error_;
  std::size_t unread_ = 0;          // content of all streams that was not credited
  std::uint64_t max_requests_ = 0;  // that the peer may open, from the beginning of the connection

  std::vector<quic::StreamId> waiting_;  // closed by QUIC, but nghttp3 is not done reading
  bool closing_ = false;                 // nghttp3 is releasing a stream
  EngineWriter writer_;
};

}  // namespace troika::h3
