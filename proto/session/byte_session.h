#pragma once
#include <cstdint>
#include <span>

#include "base/account.h"
#include "base/error.h"
#include "base/output_queue.h"
#include "base/time.h"
#include "http/exchange/call.h"
#include "http/message/body.h"
#include "ports/transport.h"

namespace troika {

struct Interest {
  bool wants_read = true;   // false: receive() would have nowhere to put the bytes
  bool has_output = false;  // produce() would give more if it had room
  // All that we send was produced, but what the peer sends goes on: flush, shut the sending side,
  // and read on.
  bool half_closed = false;
  // Nothing more will come or go: flush what was produced, shut the sending side, linger.
  bool finished = false;
  // With finished: a response was cut short, so the stream must end in a reset. A clean end (FIN,
  // close_notify) would make a body that is framed by it look complete.
  bool broken = false;
};

// A protocol over an ordered byte stream, without I/O: h1 and h2, server and client side.
// receive() feeds the parser and records; produce() first acts on what was recorded, then writes.
class ByteSession {
 public:
  virtual ~ByteSession() = default;
  // Takes all of the bytes. An error ends the connection after the next produce() and flush (which
  // may hold a 400 or GOAWAY): the session is then `finished`.
  virtual Status receive(std::span<const std::byte> bytes, TimePoint now) = 0;
  virtual void receive_end(TimePoint now) = 0;  // the peer sends no more (FIN)
  // Server: what has arrived so far is not a replay; requests that were held may start in the next
  // produce().
  virtual void on_handshake_done(TimePoint) {}
  // Appends to `out` until it holds `high_watermark` bytes or there is nothing to send now.
  virtual Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) = 0;
  // `bytes` left the queue for the wire.
  virtual void on_written(std::size_t bytes, TimePoint now) noexcept = 0;
  // The peer has taken some earlier bytes, so a stream that only waits for its turn is not stalled.
  virtual void on_progress(TimePoint now) noexcept = 0;
  virtual Interest interest() const noexcept = 0;
  // Nothing is open, half received or queued: nothing is lost if the connection ends now.
  virtual bool at_rest() const noexcept = 0;
  // The earliest deadline of all exchanges, the header block and the idle time; kNever for none.
  virtual TimePoint deadline() const noexcept = 0;
  virtual void on_deadline(TimePoint now) = 0;
  virtual void drain() = 0;  // no new requests; GOAWAY, Connection: close
  // The connection is lost or given up: every exchange is aborted and closed. Only the destructor
  // follows.
  virtual void abort(AbortReason reason) noexcept = 0;
};

// The client side of h1 and of h2: a byte session for the transport, a client session for the user.
class ClientByteSession : public ByteSession, public ClientSession {
 public:
  bool at_rest() const noexcept final { return idle(); }
};

// The connection that a session belongs to.
class SessionHost {
 public:
  // Asks for produce() in the coming flush; may be called at any time, any number of times, and
  // does nothing else.
  virtual void mark_dirty() noexcept = 0;
  virtual Account& account() noexcept = 0;  // of the connection: what is held for its peer

 protected:
  ~SessionHost() = default;
};

enum class Pumped : std::uint8_t {
  all,         // nothing is left to send, or the transport has no room: on_writable will come
  more,        // the budget of one turn is used up
  unwritable,  // the peer takes no more; what it has sent may still arrive
  failed,      // of the session: the connection is lost
};

// The sending half of a connection's flush, server or client: lets the session act on what it has
// recorded, then moves what it produces to the transport. At most kTurnBudget in one turn, so that
// the other connections get theirs. At most `high_watermark` bytes wait in `out`.
inline constexpr std::size_t kTurnBudget = 256U << 10U;  // bytes
inline Pumped pump(ByteSession& session, OutputQueue& out, std::size_t high_watermark,
                   Transport& transport, TimePoint now) {
  std::size_t written = 0;
  for (;;) {
    // Even without room for output, a session acts on what was recorded.
    const bool room = transport.write_budget() > 0;
    if (!session.produce(out, room ? high_watermark : 0, now)) return Pumped::failed;
    const std::size_t before = out.size();
    if (before == 0 || !room) break;
    if (!transport.write(out, now)) return Pumped::unwritable;
    const std::size_t taken = before - out.size();
    session.on_written(taken, now);
    written += taken;
    if (taken == 0) break;
    if (written >= kTurnBudget) return Pumped::more;
  }
  return transport.flush() ? Pumped::all : Pumped::unwritable;
}

}  // namespace troika
