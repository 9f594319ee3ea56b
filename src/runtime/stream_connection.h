#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/output_queue.h"
#include "base/pace.h"
#include "base/time.h"
#include "ports/transport.h"
#include "proto/session/byte_session.h"

namespace troika {

// How long a StreamConnection waits; kUnlimited: without end.
inline constexpr Duration kUnlimited = Duration::max();
struct StreamTimes {
  Duration opening;         // from start() to the end of the handshake
  Duration handshake;       // the part of it after TCP has connected
  Duration write_progress;  // bytes wait, and the peer takes none, ...
  // Reading on after our FIN (RFC 9112 §9.6), without the session; 0: closed at once, and the
  // session stays, as that of a client has to for what its users have not read.
  Duration linger;
  // A write has failed: between one input of the peer and the next. Also how long the last bytes of
  // a broken session may wait where write_progress has no end.
  Duration last_input;
  Duration last_output;  // ... and after its last one, until the session has used it; 0: at once
  std::uint32_t least_rate = 0;  // ... or takes fewer of them a second; 0: any byte is progress
};

// How far a StreamConnection is. Each arrow is a test in stream_connection_test.cc.
//
//   state       | what it does                               | goes on to
//   connecting  | TCP is being connected                     | handshaking, closed
//   handshaking | TLS, or the first bytes of a plain         | open, closed
//               | connection, until the session is known     |
//   open        | the session reads and writes; with early   | shut, unwritable, lingering,
//               | data the TLS handshake still goes on       | closed
//   shut        | our side of a tunnel has ended: all of it  | closed
//               | is sent, input still goes to the session   |
//   unwritable  | the peer takes no more: output is dropped, | closed
//               | input still goes to the session            |
//   lingering   | all is sent and our side is shut; input is | closed
//               | dropped, because unread bytes would cause  |
//               | a reset that could destroy the response    |
//   closed      | nothing any more                           |
enum class StreamState : std::uint8_t {
  connecting,
  handshaking,
  open,
  shut,
  unwritable,
  lingering,
  closed,
};

// What a server or a client adds to a StreamConnection, which it owns.
class StreamConnectionOwner {
 public:
  // Makes the session, which outlives neither the owner nor `host`. Called when the transport is
  // ready, with no bytes, and then with all bytes that have come so far, until it is not null.
  // `ended`: no more will come, so it must not be null.
  virtual std::unique_ptr<ByteSession> make_session(SessionHost& host,
                                                    std::span<const std::byte> first,
                                                    bool ended) = 0;
  // The session for a client that sends plain HTTP to a TLS port: it gets one response without TLS,
  // and the connection ends. Null: it gets an alert.
  virtual std::unique_ptr<ByteSession> make_plain_session(SessionHost&) { return nullptr; }
  virtual void on_handshake_done() {}    // transport().security() is final
  virtual void on_dirty() noexcept = 0;  // wants a flush()
  // Once. `at`: the state that it ended in; handshaking also while early data flowed. `lost`: why,
  // unless both sides have ended it or drain() or abort() has.
  virtual void on_closed(StreamState at, const std::optional<Error>& lost) noexcept = 0;

 protected:
  ~StreamConnectionOwner() = default;
};

// One TCP connection, of a server or a client: a transport, the session of HTTP/1.1 or HTTP/2 over
// it, and the deadlines of both. I/O callbacks feed the session; flush() does the rest.
class StreamConnection final : private Transport::Observer, private SessionHost {
 public:
  // The references and `above` outlive it. `above` is the account above its own; null: its own
  // stands alone. `output_high`: bytes that wait in its output queue at most.
  StreamConnection(std::unique_ptr<Transport> transport, const StreamTimes& times,
                   std::size_t output_high, BufferPool& pool, TimerQueue& timers,
                   const Clock& clock, StreamConnectionOwner& owner, Account* above = nullptr);
  ~StreamConnection();  // gives up the session's requests; the owner is not called

  void start();
  // Applies the records and writes, up to a budget. True: more can be written now.
  bool flush(TimePoint now);
  void drain();
  void abort(AbortReason reason);  // nothing more is sent, and the peer gets a reset
  // Ends it at once, with what the session has to say and a FIN; for one that is idle().
  void give_way(TimePoint now);

  StreamState state() const noexcept { return state_; }
  // Nothing is open and nothing waits: nothing is lost if it ends now.
  bool idle() const noexcept;
  const Transport& transport() const noexcept { return *transport_; }
  std::size_t held() const noexcept { return account_.held(); }    // bytes, for the peer
  TimePoint progress_at() const noexcept { return progress_at_; }  // of bytes, either way
  // Why the session could not read what the peer sent, if so.
  const std::optional<Error>& fault() const noexcept { return fault_; }

 private:
  void on_connected() override;
  void on_ready() override;
  void on_handshake_done() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end() override;
  void on_writable() override { mark_dirty(); }
  void on_closed(Error why) override;
  bool on_plain_http(std::unique_ptr<ByteStream>& stream,
                     std::span<const std::byte> bytes) override;
  void mark_dirty() noexcept override {
    if (state_ != StreamState::closed) owner_.on_dirty();
  }
  Account& account() noexcept override { return account_; }

  bool has_session() const noexcept {
    return state_ >= StreamState::open && state_ <= StreamState::unwritable;
  }
  void choose_session(std::span<const std::byte> more);
  void open(std::unique_ptr<ByteSession> session);
  bool write(TimePoint now);
  void stop_writing(TimePoint now);
  void use_input(TimePoint now);
  void settle(TimePoint now);
  void linger(TimePoint now);
  void close(AbortReason reason, const std::optional<Error>& lost) noexcept;
  void on_timer();
  void close_late(bool stuck);
  TimePoint stuck_at(TimePoint now);
  void arm(TimePoint now);

  Account account_;  // outlives what is charged to it
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Transport> refused_;  // the TLS one, when the client sends plain HTTP
  const StreamTimes times_;
  const std::size_t output_high_;
  const Clock& clock_;
  StreamConnectionOwner& owner_;
  OutputQueue out_;
  Charge charge_{account_};       // of what waits in out_
  std::vector<std::byte> first_;  // of a plain connection, until they tell the protocol
  std::unique_ptr<ByteSession> session_;
  std::optional<Error> fault_;
  Timer timer_;
  TimePoint deadline_ = kNever;   // of the handshake and of the state
  Pace pace_{times_.least_rate};  // of the peer, for bytes that wait
  TimePoint progress_at_;
  std::uint64_t sent_ = 0;  // transport_->sent() as last seen
  StreamState state_ = StreamState::connecting;
  bool waits_ = false;  // bytes do, for the peer
  bool ended_ = false;  // the peer sends no more
};

}  // namespace troika
