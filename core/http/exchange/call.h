#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "base/random.h"
#include "http/exchange/message_end.h"
#include "http/message/limits.h"
#include "http/message/response_builder.h"

namespace troika {

// How long a call waits for its origin. What waits for its own user has no limit here.
struct CallTimeouts {
  Duration first_byte = std::chrono::seconds(60);     // from the whole request to the whole head
  Duration between_bytes = std::chrono::seconds(60);  // of the response, and of room to send
  Duration continued = std::chrono::seconds(1);       // for 100 (RFC 9110 §10.1.1)
  Duration tunnel_idle = std::chrono::hours(1);       // a tunnel: bytes either way
};

// How long a connection to an origin may be silent, beside what its calls wait for.
struct ClientTimes {
  Duration idle = std::chrono::seconds(60);  // no call in flight: it is closed, without an error
  // Nothing came while a call is in flight: a PING asks whether the origin is still there. HTTP/3
  // leaves it to QUIC, whose idle timeout ends a connection that does not respond; HTTP/1.1 has
  // none.
  Duration ping = std::chrono::seconds(15);
  Duration pong = std::chrono::seconds(15);  // h2: until anything comes after it, else it is lost
};

// What failed. The first two are of the connection, the others of the call.
enum class CallStep : std::uint8_t { connect, handshake, send, wait, receive };

struct Failure {
  CallStep step = CallStep::send;
  AbortReason reason = AbortReason::none;
  std::uint64_t wire_code = 0;  // the HTTP/2 or HTTP/3 error code that the peer sent, else 0
  // The origin has surely processed nothing of it, so that it may be sent again whatever its method
  // is (RFC 9110 §9.2.2): its head was not written whole, or it was refused.
  bool replayable = false;
};

// Hears what becomes of a call. It is called from inside the session, possibly with an engine on
// the stack: only record, and act from the loop. on_head comes at most once; nothing comes after
// on_failed.
class Receiver {
 public:
  virtual void on_informational(const ResponseHead&) {}  // 1xx
  virtual void on_head(ResponseHead head) = 0;           // body() can be pulled from now on
  // Asked once, at the start. False: on_head brings the status alone, and the fields are not
  // looked at but for those that frame the message.
  virtual bool wants_fields() const noexcept { return true; }
  // There is no whole response: before on_head, or later, when the pull returns an error as well.
  virtual void on_failed(const Failure& failure) = 0;

 protected:
  ~Receiver() = default;
};

// Whether any protocol can carry it; `protocol` if not: what would be read as another request on
// one of them, a plain CONNECT, or a tunnel for something else than WebSocket.
Status check(const Request& request);

// What the calls of a connection share; outlives its session.
struct CallServices {
  BufferPool& pool;
  const Clock& clock;
  const Limits& limits;
  Random& random;
  ClientTimes times{};
};

// Who still knows a call:
//
//             let_go()   on_closed()
//   open      let_go     closed       its stream and its user
//   let_go    -          over         its stream alone: the user has destroyed the handle
//   closed    over       -            its user alone, who may still read what has come
//   over      -          -            nobody: the session frees it
enum class Knowing : std::uint8_t { open, let_go, closed, over };

// A request of ours and its response: the twin of Exchange. What holds between its three axes,
// Receiving, Sending and Knowing:
//
//   Who has failed receives and sends no more: aborted() => Receiving::done or stopped, and
//                                              Sending::done or reset
//   A closed stream brings nothing:            closed    => Receiving::done or stopped
//   Nobody is told after the user has gone:    let_go    => no receiver
//   A tunnel's bytes wait until it is taken:   asks for one, and is not one => nothing was pulled
//   The request waits for 100 before its content: a time for 100 => Sending::head
class Call final : public MessageEnd {
 public:
  struct LetGo {
    void operator()(Call* call) const noexcept { call->let_go(); }
  };

  Call(StreamPort& port, const CallServices& services, HttpVersion version, std::size_t window,
       Request request, std::unique_ptr<BodySource> body, Receiver& receiver,
       const CallTimeouts& timeouts);
  ~Call() { on_closed(); }

  // For the user. Content that is not read holds the window. Stopping it before its end cancels the
  // call; the receiver hears nothing after that.
  BodySource& body() noexcept { return incoming_; }
  // At the start: body() gives the end of the content alone, and incoming().received() its size.
  void skip_content() noexcept { incoming_.skip(); }
  bool finished() const noexcept;  // both directions are over

  // For the stream.
  Random& random() const noexcept { return services_.random; }
  const Request& request() const noexcept { return request_; }
  BodyFraming framing() const noexcept { return framing_; }  // of the request
  bool has_content() const noexcept { return !content_pulled(); }
  bool over() const noexcept override { return knowing_ == Knowing::over; }
  Knowing knowing() const noexcept { return knowing_; }
  // h1: the first line of a head, at any time before its end.
  void on_status_line(HttpVersion version, std::uint16_t status) {
    builder_.status_line(version, status);
  }
  void on_head_written() noexcept { head_written_ = true; }  // all bytes of it left the process
  bool head_written() const noexcept { return head_written_; }
  // Early data was rejected: nothing that was sent has arrived. False: it cannot be sent once more.
  bool begin_again() noexcept;

  // h1 never says `end`: after it, incoming() tells how much content follows.
  Status on_head_end(bool end) override;
  void advance() override;
  Result<Pulled> pull(std::size_t max_bytes) override;
  void on_peer_reset(AbortReason reason, std::uint64_t wire_code) noexcept override;
  void on_peer_stop(AbortReason reason, std::uint64_t wire_code) noexcept override;
  void on_peer_abort(AbortReason reason) noexcept override;
  void on_fault(std::uint16_t status, AbortReason reason) override;
  void on_closed() noexcept override;

  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;

 private:
  bool on_head_field(std::string_view name, std::string_view value) override;
  void on_stopped(AbortReason reason) noexcept override;

  void let_go() noexcept;
  bool asks_for_tunnel() const noexcept { return !request_.protocol.empty(); }
  bool waits() const noexcept;  // the content of the request may not be sent yet
  void take_head(ResponseBuilder::Received response, bool end);
  void go_on() noexcept;  // waits for 100 no longer
  void fail(AbortReason reason, std::uint64_t wire_code) noexcept;
  void give_up(AbortReason reason) noexcept;  // as fail(), and the stream is reset
  CallStep step() const noexcept;

  const CallServices& services_;
  const CallTimeouts timeouts_;
  Request request_;
  BodyFraming framing_;
  ResponseBuilder builder_;
  Receiver* receiver_;
  TimePoint continue_at_ = kNever;  // waits for 100 until then
  Knowing knowing_ = Knowing::open;
  bool head_written_ = false;
};

// The user's handle of a call; must not outlive the session. Destroying it before the call is
// finished cancels it (RST_STREAM; STOP_SENDING and RESET_STREAM; h1 closes the connection).
using CallHandle = std::unique_ptr<Call, Call::LetGo>;

// The client side of a connection, common to the three protocols. What free(), idle() and
// draining() say changes only with start() and in a flush of the connection: who waits for room
// asks after each of them.
class ClientSession {
 public:
  virtual ~ClientSession() = default;
  // A null body means no content. Fails with `unavailable` when no request can be started on this
  // connection now (h1: one is in flight; h2, h3: stream limit, GOAWAY, or a tunnel before the
  // server's SETTINGS), with `closed` when the connection has ended, with `denied` when the server
  // takes no tunnels, and with `protocol` as check(). The receiver is not called then.
  virtual Result<CallHandle> start(Request request, std::unique_ptr<BodySource> body,
                                   Receiver& receiver, const CallTimeouts& timeouts) = 0;
  // How many requests may start now: what the peer allows and our windows have room for. 0 for ever
  // when draining() or when the connection has ended.
  virtual std::size_t free() const noexcept = 0;
  bool full() const noexcept { return free() == 0; }
  virtual bool idle() const noexcept = 0;  // no call is in flight; what was read may still be held
  // No new requests are taken, by the peer (GOAWAY, Connection: close) or by us; those in flight go
  // on.
  virtual bool draining() const noexcept = 0;
};

}  // namespace troika
