#pragma once
#include <nghttp3/nghttp3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/message/limits.h"
#include "proto/h3/engine_stream.h"
#include "proto/h3/field_list.h"
#include "proto/quic/application.h"

namespace troika::h3 {

std::string library_version();  // "nghttp3 1.2.3", as linked at run time

// The limits of the peer's SETTINGS that a client remembers (RFC 9114 §7.2.4.2).
struct PeerSettings {
  std::uint64_t field_section = 0, qpack_table = 0, qpack_blocked = 0;
};

// What a session does about streams that only the peer's bytes make known.
class EngineOwner {
 public:
  virtual EngineStream* find(quic::StreamId id) noexcept = 0;
  virtual void on_goaway(quic::StreamId) {}  // client: requests from this id on are not processed
  // nghttp3 calls nothing for this stream any more. Comes after closed(), and later than it for a
  // stream that waits for QPACK.
  virtual void on_released(quic::StreamId, std::optional<quic::AppError>) {}
  virtual bool accepts(const PeerSettings&) { return true; }  // false: H3_SETTINGS_ERROR

 protected:
  ~EngineOwner() = default;
};

// nghttp3 and what surrounds it on both sides of a connection: the control streams, the credit for
// bytes that were read, the memory of what was written, and the connection error. After an error
// nothing of nghttp3 is called any more.
class Engine {
 public:
  enum class Side : std::uint8_t { client, server };
  Engine(Side side, quic::QuicStreams& quic, const Limits& limits, EngineOwner& owner) noexcept
      : quic_(quic), limits_(limits), owner_(owner), side_(side) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Status open();  // RFC 9114 §6.2: the control stream and QPACK's two, the SETTINGS
  // Client: QUIC has forgotten all streams, and so does nghttp3; then as open().
  Status reopen();
  bool is_open() const noexcept { return conn_ != nullptr && last_error_ == 0; }
  Status status() const noexcept;
  // Ends the connection with `code`, unless an error came before.
  Status fail_with(quic::AppError code, std::string_view why) noexcept;
  Status fail_critical() noexcept;  // the peer asks us to close a control stream (RFC 9114 §6.2.1)
  void mark_writable() noexcept { quic_.mark_writable(); }
  quic::AppError close_code() const noexcept;
  quic::StreamId control_stream() const noexcept { return control_; }

  Status read(quic::StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now);
  Status acked(quic::StreamId id, std::uint64_t bytes);
  void credit(EngineStream& stream, std::size_t bytes);
  // QUIC is done with the stream; frees what was written. It may end before its fields can be read,
  // when they wait for QPACK's encoder stream (RFC 9204 §2.1.2): nghttp3, which would drop them,
  // hears of the end after that.
  Status closed(quic::StreamId id, std::optional<quic::AppError> code);
  void forget_waiting(quic::StreamId id);    // nobody will read them
  void allow_streams(std::uint64_t more);    // server: the peer may open so many more requests
  void forget_unread(EngineStream& stream);  // nobody will: gives them back to the connection

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

  std::size_t retained() const noexcept { return retained_; }

 private:
  friend struct EngineCallbacks;
  struct Delete {
    void operator()(nghttp3_conn* conn) const noexcept { nghttp3_conn_del(conn); }
  };
  static constexpr std::size_t kVectors = 16;

  int make_conn();
  bool check(int code) noexcept;  // keeps the first error
  nghttp3_ssize read_data(EngineStream& stream, std::span<nghttp3_vec> into, std::uint32_t& flags);
  std::uint32_t end_of_body(const EngineStream& stream);
  std::size_t pull_allowance() const noexcept;
  void free_retained(EngineStream& stream, std::size_t acked, bool all);
  void resume_starved();
  void finish_writing(EngineStream& stream);
  void close_stream(quic::StreamId id, quic::AppError code);
  void close_unblocked();

  quic::QuicStreams& quic_;
  const Limits& limits_;
  EngineOwner& owner_;
  Side side_;
  std::unique_ptr<nghttp3_conn, Delete> conn_;
  quic::StreamId control_ = quic::kNoStream;
  int last_error_ = 0;
  std::optional<quic::AppError> own_error_;
  std::uint64_t max_requests_ = 0;  // that the peer may open, from the beginning of the connection

  std::size_t retained_ = 0;              // bytes of all streams that wait for acknowledgement
  std::vector<quic::StreamId> starved_;   // read nothing because of the limit on those
  std::vector<quic::StreamId> trailing_;  // their bodies ended: trailers are to be submitted
  bool held_back_ = false;                // a read_data() of this next_write() gave nothing
  std::vector<quic::StreamId> waiting_;   // closed by QUIC, but nghttp3 is not done reading
  bool closing_ = false;                  // nghttp3 is about to let go of a stream
  std::array<iovec, kVectors> vectors_{};
  quic::StreamId offered_stream_ = quic::kNoStream;  // of the last next_write()
  std::size_t offered_bytes_ = 0;
  bool offered_fin_ = false;
};

// nghttp3's callbacks for an Engine: each finds its EngineStream and passes the event on.
struct EngineCallbacks {
  static nghttp3_callbacks table() noexcept;
  static nghttp3_ssize read_data(nghttp3_conn* conn, std::int64_t id, nghttp3_vec* vectors,
                                 std::size_t count, std::uint32_t* flags, void* engine,
                                 void* stream);
  static int begin_headers(nghttp3_conn* conn, std::int64_t id, void* engine, void* stream);
  static int recv_header(nghttp3_conn* conn, std::int64_t id, std::int32_t token,
                         nghttp3_rcbuf* name, nghttp3_rcbuf* value, std::uint8_t flags,
                         void* engine, void* stream);
  static int end_headers(nghttp3_conn* conn, std::int64_t id, int fin, void* engine, void* stream);
  static int recv_trailer(nghttp3_conn* conn, std::int64_t id, std::int32_t token,
                          nghttp3_rcbuf* name, nghttp3_rcbuf* value, std::uint8_t flags,
                          void* engine, void* stream);
  static int recv_data(nghttp3_conn* conn, std::int64_t id, const std::uint8_t* data,
                       std::size_t size, void* engine, void* stream);
  static int end_stream(nghttp3_conn* conn, std::int64_t id, void* engine, void* stream);
  static int acked_stream_data(nghttp3_conn* conn, std::int64_t id, std::uint64_t bytes,
                               void* engine, void* stream);
  static int deferred_consume(nghttp3_conn* conn, std::int64_t id, std::size_t bytes, void* engine,
                              void* stream);
  static int stop_sending(nghttp3_conn* conn, std::int64_t id, std::uint64_t code, void* engine,
                          void* stream);
  static int reset_stream(nghttp3_conn* conn, std::int64_t id, std::uint64_t code, void* engine,
                          void* stream);
  static int recv_settings(nghttp3_conn* conn, const nghttp3_proto_settings* settings,
                           void* engine);
  static int shutdown(nghttp3_conn* conn, std::int64_t id, void* engine);
};

}  // namespace troika::h3
