#pragma once
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/account.h"
#include "base/error.h"
#include "base/time.h"
#include "ports/transport.h"

// The interface between QUIC and its application. Tests have a double for each side: FakeQuic
// implements QuicStreams, and a scripted application takes the place of HTTP/3.
namespace troika::quic {

using StreamId = std::int64_t;   // RFC 9000 §2.1
using AppError = std::uint64_t;  // an application error code (RFC 9000 §20.2)
inline constexpr StreamId kNoStream = -1;

constexpr bool is_bidi(StreamId id) noexcept { return (id & 2) == 0; }
constexpr bool is_client_initiated(StreamId id) noexcept { return (id & 1) == 0; }

// Bytes that the peer lets us send now: by the window of a stream, and by that of the connection.
struct SendCredit {
  std::size_t stream = 0, connection = 0;
  std::size_t both() const noexcept { return std::min(stream, connection); }
};

// What QUIC offers to its application. The QUIC connection implements it and outlives the
// application. All calls but open_* only record what is to be done at the start of the next flush.
class QuicStreams {
 public:
  // `unavailable` when the peer's stream limit is reached: on_streams_available() follows.
  virtual Result<StreamId> open_uni() = 0;
  virtual Result<StreamId> open_bidi() = 0;
  virtual std::size_t bidi_streams_left() const noexcept = 0;  // that open_bidi() would open
  // A PING is sent each time the connection was silent for so long, and sooner where the idle
  // timeout (RFC 9000 §10.1.2) would come before it. Zero, as in the beginning: none.
  virtual void keep_alive(Duration silence) noexcept = 0;
  // The application has consumed bytes of on_data(): opens the windows of stream and connection.
  virtual void extend_credit(StreamId stream, std::size_t bytes) = 0;
  // Opens only the connection's window: for bytes of a stream that is closed.
  virtual void extend_connection_credit(std::size_t bytes) = 0;
  virtual void extend_peer_bidi_streams(std::size_t count) = 0;     // the peer may open more
  virtual void shutdown_read(StreamId stream, AppError code) = 0;   // STOP_SENDING
  virtual void shutdown_write(StreamId stream, AppError code) = 0;  // RESET_STREAM
  virtual void close(AppError code) noexcept = 0;  // CONNECTION_CLOSE after what can be sent now
  virtual SendCredit send_credit(StreamId stream) const noexcept = 0;
  virtual void mark_writable() noexcept = 0;  // next_write() has something: flush this connection
  virtual Account& account() noexcept = 0;    // of the connection: what is held for its peer
  virtual const SecurityInfo& security() const noexcept = 0;  // final after the handshake
  virtual const Address& remote() const noexcept = 0;         // the validated path
  virtual const Address& local() const noexcept = 0;

 protected:
  ~QuicStreams() = default;
};

// Bytes for one stream. The memory must not change until on_acked() covers it, the stream is
// closed, or the application is destroyed (when the transport no longer uses its streams).
struct StreamWrite {
  StreamId stream = kNoStream;  // kNoStream: nothing to write now
  std::span<const iovec> data;
  bool fin = false;
};

// What runs on a QUIC connection, such as the sessions of HTTP/3. The on_* calls are made from
// callbacks of ngtcp2: no handler runs in them. An error ends the connection with close_code().
class QuicApplication {
 public:
  virtual ~QuicApplication() = default;
  virtual Status on_ready() = 0;  // once: there are keys to send with; opens control streams
  virtual Status on_handshake_done(TimePoint now) = 0;
  virtual Status on_data(StreamId stream, std::span<const std::byte> bytes, bool fin, bool early,
                         TimePoint now) = 0;
  virtual Status on_acked(StreamId stream, std::uint64_t bytes) = 0;  // in stream order
  virtual Status on_reset(StreamId stream, AppError code) = 0;        // RESET_STREAM arrived
  // QUIC replies with a reset. ngtcp2 1.x tells nothing of it: there it shows in shut() alone, when
  // something is to be written.
  virtual Status on_stop_sending(StreamId stream, AppError code) = 0;
  virtual Status on_stream_closed(StreamId stream, std::optional<AppError> code) = 0;
  virtual void on_streams_available() {}  // client: more of our streams may open

  // Client, 0-RTT: when a connection is resumed, on_ready() is called before the handshake. If the
  // server refuses what was sent since then, QUIC has dropped all streams, and the application
  // starts again as in on_ready(); on_handshake_done() follows.
  virtual Status on_early_rejected() {
    return fail(ErrorCode::unavailable, "the server refused early data");
  }
  // Client: what the next connection has to know of the server before the server sends anything.
  virtual std::vector<std::byte> remembered() const { return {}; }
  // Called before on_ready(). False: these are not bytes of remembered().
  virtual bool remember(std::span<const std::byte> bytes) { return bytes.empty(); }

  // The flush: apply() once (handlers start, records become calls), then next_write() repeatedly.
  // Each is followed by wrote() if something was taken, be it in several packets, and by blocked()
  // or shut() if no more can be. The memory of `data` must not change before that.
  virtual Status apply(TimePoint now) = 0;
  virtual Result<StreamWrite> next_write() = 0;
  virtual Status wrote(StreamId stream, std::size_t bytes, TimePoint now) = 0;
  virtual void blocked(StreamId stream) = 0;         // no stream credit
  virtual Status on_writable(StreamId stream) = 0;   // credit arrived
  virtual Status shut(StreamId stream) = 0;          // QUIC has closed the writing side
  virtual AppError close_code() const noexcept = 0;  // after a call has returned an error

  virtual TimePoint deadline() const noexcept = 0;
  virtual void on_deadline(TimePoint now) = 0;
  virtual void drain() = 0;                    // GOAWAY
  virtual bool finished() const noexcept = 0;  // drained: the connection can be closed
  virtual bool idle() const noexcept = 0;      // no exchange is in flight
  // The connection has ended: closes all exchanges. `code` is the application's error code of the
  // side that closed it; none: it was lost, by a timeout, a reset or an error of the transport.
  virtual void abort(std::optional<AppError> code) noexcept = 0;
};

// What QUIC has to know of the application's protocol before a connection has an application. The
// ALPN name also goes into the TLS contexts.
struct ApplicationTraits {
  std::string alpn;
  AppError no_error = 0;          // closes a connection without an error
  AppError excessive_load = 0;    // closes one that costs too much
  std::uint64_t uni_streams = 0;  // unidirectional streams of the peer, replenished as they close
  // Server: stands for the application's settings that clients remember. If it differs from that of
  // a client's ticket, early data is refused.
  std::uint64_t settings_tag = 0;
};

struct ApplicationFactory {
  ApplicationTraits traits;
  std::function<std::unique_ptr<QuicApplication>(QuicStreams&)> make;
};

}  // namespace troika::quic
