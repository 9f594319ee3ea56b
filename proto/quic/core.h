#pragma once
#include <ngtcp2/ngtcp2.h>

#include <optional>
#include <vector>

#include "base/random.h"
#include "proto/quic/application.h"
#include "proto/quic/ossl_session.h"
#include "proto/quic/outbox.h"
#include "proto/quic/qlog.h"
#include "proto/quic/rates.h"

namespace troika::quic {

inline constexpr AppError kNoError = 0x100;  // H3_NO_ERROR (RFC 9114 §8.1)

// One connection, as far as both sides have it in common: what comes in goes to ngtcp2 and the
// application, the flush applies what was recorded and writes one burst, and the ways to end.
// The derived class says what the connection belongs to.
class Core : public QuicStreams {
 public:
  enum class Phase : std::uint8_t {
    open,
    closing,   // our CONNECTION_CLOSE is out and answers what still comes (RFC 9000 §10.2.1)
    draining,  // the peer has closed: silence (§10.2.2)
    dead,
  };

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void receive(const Datagram& packet, TimePoint now);  // one datagram, without segments
  bool flush(TimePoint now);                            // true: more could be sent at once
  TimePoint deadline() const noexcept;
  void drain() noexcept;  // GOAWAY, and close once the application has finished

  // Alive: neither ended nor about to.
  bool alive() const noexcept { return phase_ == Phase::open && !ending_; }
  Phase phase() const noexcept { return phase_; }
  bool ready() const noexcept { return ready_; }
  bool established() const noexcept { return established_; }
  bool wants_retry() const noexcept { return retry_wanted_; }  // and is dead
  const Error& reason() const noexcept { return reason_; }
  QuicApplication* application() const noexcept { return application_.get(); }

  Result<StreamId> open_uni() override;
  Result<StreamId> open_bidi() override;
  bool may_open_bidi() const noexcept override;
  void extend_credit(StreamId stream, std::size_t bytes) override;
  void extend_connection_credit(std::size_t bytes) override;
  void extend_peer_bidi_streams(std::size_t count) override;
  void shutdown_read(StreamId stream, AppError code) override;
  void shutdown_write(StreamId stream, AppError code) override;
  void close(AppError code) noexcept override;
  // False: not now (RFC 9001 §6.1).
  bool update_key(TimePoint now) noexcept;
  // Client, from another address of its own (RFC 9000 §9.2). False: not now.
  bool move_to(const Address& local, TimePoint now) noexcept;
  void mark_writable() noexcept override {
    if (phase_ == Phase::open) dirty();
  }
  const SecurityInfo& security() const noexcept override { return security_; }
  const Address& remote() const noexcept override { return remote_; }
  const Address& local() const noexcept override { return local_; }

 protected:
  Core(Random& random, Outbox& outbox, const Address& local, const Address& remote,
       std::uint64_t packets_per_key = kNoKeyLimit)
      : random_(random),
        outbox_(outbox),
        packets_per_key_(packets_per_key),
        local_(local),
        remote_(remote) {}
  virtual ~Core() = default;

  // Before the library's connection is made, of whose settings it is one.
  void begin_log(ngtcp2_settings& settings) noexcept;
  void set_session(std::unique_ptr<OsslSession> session) { session_ = std::move(session); }
  void set_application(std::unique_ptr<QuicApplication> application) {
    application_ = std::move(application);
  }
  // The application hears of the end, once. Derived destructors call it too.
  void leave_open(Phase next, std::optional<AppError> code = std::nullopt) noexcept;
  // Frees TLS and ngtcp2, which a connection that has ended needs no more.
  void free_session() noexcept { session_.reset(); }
  void free_application() noexcept { application_.reset(); }  // after the session
  // The peer's address is one that the handshake has to prove.
  void await_proof() noexcept { address_proven_ = false; }
  OsslSession& session() noexcept { return *session_; }
  // Client: the application sends within early data, before the handshake.
  Status begin_early();

  Random& random() noexcept { return random_; }
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

  virtual bool new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) = 0;
  virtual void id_retired(const ngtcp2_cid& id) noexcept = 0;
  virtual void on_established() = 0;
  // Server: a token for the client's next visit from there is due.
  virtual void on_address_proven(const Address&) {}
  virtual void on_path_validated() noexcept {}
  virtual void on_key_updated() noexcept {}  // by this side
  // Client: the server offers to go on elsewhere. `path` is left as it is to stay.
  virtual void on_preferred_address(const ngtcp2_preferred_addr&, ngtcp2_path&) {}
  // Client: the server gives one.
  virtual void on_token(std::span<const std::byte>) {}
  virtual std::unique_ptr<QlogSink> open_log() { return nullptr; }  // after begin_log()
  virtual void dirty() noexcept = 0;                                // a flush is needed
  // Keys to send with are there. False: there is no application.
  virtual bool on_sendable() = 0;

  // What an application's call makes of ngtcp2's: an error ends the connection.
  int answer(const Status& status) noexcept;
  Status begin_again();  // client: the server has refused early data
  void record(Record::Kind kind, StreamId stream, std::uint64_t value);
  void apply_records();
  bool run_application(TimePoint now);
  bool limits_paths() const noexcept;
  Duration pto() const noexcept;
  void path_changed(const Address& local, const Address& remote) noexcept;

  // writer.cc
  struct Burst;
  bool write_burst(TimePoint now);
  void send_stray(const Burst& burst);
  void detect_black_hole(const ngtcp2_conn_info& info, TimePoint now);
  static ngtcp2_ssize write_packet_cb(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* pi,
                                      std::uint8_t* dest, std::size_t size, ngtcp2_tstamp stamp,
                                      void* user);
  ngtcp2_ssize write_packet(ngtcp2_path* path, ngtcp2_pkt_info* pi, std::span<std::uint8_t> dest,
                            ngtcp2_tstamp stamp);

  // keys.cc
  void renew_key(const ngtcp2_conn_info& info, TimePoint now) noexcept;

  // closing.cc
  void on_library_error(int error, TimePoint now);
  void end_with(const ngtcp2_ccerr& error, Error reason);
  void end_with_application_error(AppError code, Error reason);
  void die(Error reason);
  void start_draining(TimePoint now);
  bool send_close(const ngtcp2_ccerr& error, TimePoint now);
  void on_packet_while_closing(std::size_t bytes);
  void flush_ended(TimePoint now);
  Error peer_reason() const noexcept;
  std::optional<AppError> peer_code() const noexcept;

  static constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);
  static constexpr std::uint64_t kNoKeyLimit = static_cast<std::uint64_t>(-1);

  Random& random_;
  Outbox& outbox_;
  const std::uint64_t packets_per_key_;
  std::uint64_t packets_of_old_keys_ = 0;
  Address local_, remote_;
  SecurityInfo security_;
  std::vector<Record> records_;
  std::optional<AppError> close_wanted_;
  std::unique_ptr<QuicApplication> application_;  // outlives the session, which points to its bytes
  HeldLog qlog_;                                  // outlives the session, whose end it is told
  std::unique_ptr<OsslSession> session_;

  Phase phase_ = Phase::open;
  bool ready_ = false, established_ = false, confirmed_ = false;
  bool early_ = false;          // client: ready before the handshake
  bool address_proven_ = true;  // before it
  bool drain_wanted_ = false, drain_told_ = false;
  bool application_failed_ = false, reset_received_ = false, retry_wanted_ = false;
  PathBudget budget_;                    // server, once the handshake is complete
  Burst* burst_ = nullptr;               // that is being written
  std::optional<ngtcp2_cid> retry_id_;   // client: that the server's Retry gave out
  TimePoint now_{};                      // of the call that is on the stack
  TimePoint unanswered_since_ = kNever;  // bytes are in flight, and nothing came since then
  std::size_t packet_limit_ = kNoLimit;  // bytes, once a black hole was found

  std::optional<ngtcp2_ccerr> ending_;  // to be told to the peer in the coming flush
  Error reason_{ErrorCode::closed, "closed by this side"};
  struct Closing {
    std::vector<std::byte> packet;
    Address local, remote;
    TimePoint end{};
    std::uint64_t received = 0;  // packets since the close
    std::size_t credit = 0;      // bytes that may be sent in answer
    bool answer = false;
  } closing_;
};

// What ngtcp2 calls; the user data is the Core.
ngtcp2_callbacks make_callbacks(OsslSession::Side side);

}  // namespace troika::quic
