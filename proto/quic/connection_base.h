#pragma once
#include <ngtcp2/ngtcp2.h>

#include <optional>
#include <vector>

#include "base/library_memory.h"
#include "base/random.h"
#include "proto/quic/application.h"
#include "proto/quic/closing.h"
#include "proto/quic/ossl_session.h"
#include "proto/quic/packet_writer.h"
#include "proto/quic/qlog.h"
#include "proto/quic/send_buffer.h"

namespace troika::quic {

// What both sides of a connection share: packets that arrive go to ngtcp2 and from there to the
// application; a flush carries out what the application has recorded and writes bursts.
class ConnectionBase : public QuicStreams {
 public:
  // Bytes after which a flush of one connection ends, so that the others get their turn. Its last
  // burst may go beyond.
  static constexpr std::size_t kTurnBytes = 256U << 10U;

  ConnectionBase(const ConnectionBase&) = delete;
  ConnectionBase& operator=(const ConnectionBase&) = delete;

  void receive(const Datagram& packet, TimePoint now);  // one datagram, without segments
  // Writes until pacing or congestion control says stop, or kTurnBytes are sent. True: more could
  // be sent at once.
  bool flush(TimePoint now);
  TimePoint deadline() const noexcept;
  void drain() noexcept;  // GOAWAY, and close when the application has finished

  std::size_t held_bytes() const noexcept { return account_.held(); }
  TimePoint last_progress() const noexcept { return last_progress_; }  // of streams, either way
  // The next flush closes it.
  bool closes() const noexcept { return close_wanted_.has_value() && phase() == Phase::open; }
  bool alive() const noexcept { return close_.alive(); }  // has not ended and is not about to
  Phase phase() const noexcept { return close_.phase(); }
  bool ready() const noexcept { return progress_ >= Progress::ready; }
  bool established() const noexcept { return progress_ >= Progress::established; }
  bool wants_retry() const noexcept { return close_.wants_retry(); }  // the phase is dead
  const Error& reason() const noexcept { return close_.reason(); }
  QuicApplication* application() const noexcept { return application_.get(); }

  Result<StreamId> open_uni() override;
  Result<StreamId> open_bidi() override;
  std::size_t bidi_streams_left() const noexcept override;
  void keep_alive(Duration silence) noexcept override;
  void extend_credit(StreamId stream, std::size_t bytes) override;
  void extend_connection_credit(std::size_t bytes) override;
  void extend_peer_bidi_streams(std::size_t count) override;
  void shutdown_read(StreamId stream, AppError code) override;
  void shutdown_write(StreamId stream, AppError code) override;
  void close(AppError code) noexcept override;
  // False: not possible now (RFC 9001 §6.1).
  bool update_key(TimePoint now) noexcept;
  // Client: moves to another local address (RFC 9000 §9.2). False: not possible now.
  bool move_to(const Address& local, TimePoint now) noexcept;
  void mark_writable() noexcept override {
    if (phase() == Phase::open && !applying_) mark_dirty();
  }
  SendCredit send_credit(StreamId stream) const noexcept override;
  Account& account() noexcept override { return account_; }
  const SecurityInfo& security() const noexcept override { return security_; }
  const Address& remote() const noexcept override { return remote_; }
  const Address& local() const noexcept override { return local_; }

 protected:
  // Where the connection is, in this order.
  enum class Progress : std::uint8_t {
    handshake,
    ready,        // the application may send, with 1-RTT keys or as early data
    established,  // the handshake is complete
    confirmed,    // the peer's handshake is, too (RFC 9001 §4.1.2)
  };

  // Nothing is sent before the first receive() or flush(): `out` may be a member of a derived
  // class.
  ConnectionBase(const Clock& clock, Random& random, SendBuffer& out, const Address& local,
                 const Address& remote, AppError no_error, BlockPool& blocks,
                 std::uint64_t packets_per_key = kNoKeyLimit, Account* above = nullptr);
  virtual ~ConnectionBase() = default;

  void hold_qlog() noexcept { qlog_.hold(); }
  void set_session(std::unique_ptr<OsslSession> session);
  void set_application(std::unique_ptr<QuicApplication> application) {
    application_ = std::move(application);
  }
  // Destructors of derived classes call it.
  void end_silently() noexcept;
  // Frees TLS and ngtcp2; for a connection that has ended.
  void free_session() noexcept;
  void free_application() noexcept { application_.reset(); }  // after the session
  // The handshake has to prove the peer's address.
  void await_proof() noexcept { address_proven_ = false; }
  OsslSession& session() noexcept { return *session_; }
  // Client: the application sends early data, before the handshake.
  Status begin_early();

  std::size_t library_held() const noexcept { return library_.held(); }  // bytes, by ngtcp2
  // Of all streams: bytes that have arrived in order.
  std::uint64_t delivered() const noexcept { return delivered_; }

  Random& random() noexcept { return random_; }
  const ngtcp2_mem& memory() const noexcept { return memory_table_; }  // of conn()
  ngtcp2_conn* conn() const noexcept { return session_ ? session_->conn() : nullptr; }

 private:
  friend struct Callbacks;
  struct Record {
    enum class Kind : std::uint8_t {
      credit,
      connection_credit,
      peer_bidi,
      shutdown_read,
      shutdown_write
    };
    Kind kind;
    StreamId stream;
    std::uint64_t value;  // bytes, streams or an error code
  };
  struct Acked {
    StreamId stream = kNoStream;
    std::uint64_t bytes = 0;
  };
  enum class Drain : std::uint8_t { no, wanted, told };

  virtual bool new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) = 0;
  virtual void id_retired(const ngtcp2_cid& id) noexcept = 0;
  virtual void on_established() = 0;
  virtual void on_address_proven(const Address&) {}  // server: a NEW_TOKEN frame is due
  virtual void on_path_validated() noexcept {}
  virtual void on_key_updated() noexcept {}  // by this side
  // Client: the server's preferred address. `path` is changed to move there.
  virtual void on_preferred_address(const ngtcp2_preferred_addr&, ngtcp2_path&) {}
  virtual void on_token(std::span<const std::byte>) {}              // client: of a NEW_TOKEN frame
  virtual std::unique_ptr<QlogSink> open_log() { return nullptr; }  // after hold_qlog()
  virtual void mark_dirty() noexcept = 0;                           // a flush is needed
  // There are keys to send with. False: no application could be made.
  virtual bool start_application() = 0;

  int on_key(ngtcp2_encryption_level level);
  int on_handshake_completed();
  int on_acked(StreamId stream, std::uint64_t bytes);
  int tell_acked();
  void use_validated(const Path& path) noexcept;
  Status begin_again();

  void record(Record::Kind kind, StreamId stream, std::uint64_t value);
  void apply_records();
  void on_library_error(int error, TimePoint now);
  bool check_memory(TimePoint now);  // false: there was none, and the connection ends
  bool run_application(TimePoint now);
  bool write_bursts(TimePoint& now);       // true: the budget of the turn is used up
  std::size_t write_burst(TimePoint now);  // bytes
  void renew_key(const ngtcp2_conn_info& info, TimePoint now) noexcept;
  bool limits_paths() noexcept;
  Duration pto() const noexcept;

  static constexpr std::uint64_t kNoKeyLimit = static_cast<std::uint64_t>(-1);

  const Clock& clock_;
  Random& random_;
  Account account_;
  Account library_{&account_};  // of ngtcp2
  LibraryMemory memory_;
  const ngtcp2_mem memory_table_;
  Charge tls_memory_;
  const AppError no_error_;
  const std::uint64_t packets_per_key_;
  std::uint64_t packets_of_old_keys_ = 0;
  Address local_, remote_;
  SecurityInfo security_;
  std::vector<Record> records_;
  std::optional<AppError> close_wanted_;
  std::unique_ptr<QuicApplication> application_;  // outlives the session, which points to its bytes
  PendingQlog qlog_;                              // outlives the session, which ends it
  std::unique_ptr<OsslSession> session_;

  CloseState close_;
  AmplificationLimit amplification_;  // server, after the handshake
  PacketWriter writer_;
  Progress progress_ = Progress::handshake;
  Drain drain_ = Drain::no;
  bool early_ = false;                  // client: ready before the handshake
  bool address_proven_ = true;          // before the handshake
  std::optional<ngtcp2_cid> retry_id_;  // client: from the server's Retry
  bool applying_ = false;               // the flush is on the stack, and has not written yet
  TimePoint last_progress_;
  std::uint64_t delivered_ = 0;
  Acked acked_;      // of the datagram that is being read
  TimePoint now_{};  // of the call that is on the stack
};

}  // namespace troika::quic
