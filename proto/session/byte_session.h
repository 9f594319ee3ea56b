#pragma once
#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/output_queue.h"
#include "base/time.h"
#include "http/message/body.h"
#include "ports/transport.h"

namespace troika {

struct Interest {
  bool wants_read = true;   // false: receive() would have nowhere to put the bytes
  bool has_output = false;  // produce() would give more, had it room
  // Nothing will come or go any more: flush what was produced, shut the sending side, linger.
  bool finished = false;
  // With finished: an answer was cut short, so the stream must end in a reset; a clean end (FIN,
  // close_notify) would make a body that is framed by it look whole.
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
  // Server: what came so far is no replay; what was held back may start in the next produce().
  virtual void on_handshake_done(TimePoint) {}
  // Appends to `out` until it holds `high` bytes or nothing is left to send now.
  virtual Status produce(OutputQueue& out, std::size_t high, TimePoint now) = 0;
  virtual void on_written(std::size_t bytes,
                          TimePoint now) noexcept = 0;  // left the queue for the wire
  // Of what was written before, some has moved on to the peer: who waits for its turn to send,
  // waits for no peer that is stuck.
  virtual void on_progress(TimePoint now) noexcept = 0;
  virtual Interest interest() const noexcept = 0;
  // The earliest thing that waits: of all exchanges, header block, idle; kNever for none.
  virtual TimePoint deadline() const noexcept = 0;
  virtual void on_deadline(TimePoint now) = 0;
  virtual void drain() = 0;  // no new requests; GOAWAY, Connection: close
  // The connection is lost or given up: every exchange is aborted and closed. Last call but one.
  virtual void abort(AbortReason reason) noexcept = 0;
};

// The connection that a session belongs to. mark_dirty() asks for produce() in the coming flush; it
// may be called at any time, any number of times, and does nothing else.
class SessionHost {
 public:
  virtual void mark_dirty() noexcept = 0;

 protected:
  ~SessionHost() = default;
};

enum class Pumped : std::uint8_t {
  all,     // nothing is left to send, or the transport has no room: on_writable will come
  more,    // the budget of one turn is used up
  failed,  // the connection is lost
};

// The sending half of a connection's flush, server or client: lets the session act on what it has
// recorded, then moves what it produces to the transport, at most a budget in one turn so that the
// other connections have theirs. `high` is the most that waits in `out`, in bytes.
Pumped pump(ByteSession& session, OutputQueue& out, std::size_t high, Transport& transport,
            TimePoint now);

}  // namespace troika
