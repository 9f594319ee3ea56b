#pragma once
#include <cstddef>
#include <cstdint>

namespace troika {

// A token bucket: `burst` at once, and so many more each second.
struct Rate {
  std::uint32_t burst, per_second;
};

// What bounds a connection and its requests, whatever carries them; those of QUIC, TLS, qlog and
// files stand with what they bound. Each has a test at n and n + 1.
struct Limits {
  // A field costs its name, its value and 32 bytes (RFC 9113 §6.5.2), on all three protocols.
  std::size_t header_list_bytes = 32U << 10U;
  std::size_t header_count = 100;  // without Cookie
  std::size_t trailer_bytes = 8U << 10U;
  std::size_t trailer_count = 32;
  // A section of so many times its limit, in bytes or in fields, ends its stream undecoded: HPACK
  // and QPACK give 4 KiB for one byte.
  static constexpr std::size_t kOverrun = 2;
  std::size_t connection_options = 32;  // fields to remove that a message names in Connection
  std::size_t target_bytes = 8U << 10U;
  std::size_t method_bytes = 32;

  // Of each head of a response to our request: as header_list_bytes and header_count.
  std::size_t response_bytes = 64U << 10U;
  std::size_t response_count = 256;
  std::size_t informational = 32;  // 1xx responses to one request

  // What a connection may hold when another request begins; beyond it h2 and h3 refuse the request,
  // and h1 reads it later. In h3 retained_bytes come on top. Beyond a quarter, files are read one
  // frame at a time, so that a hundred responses to a client that reads have room.
  std::size_t connection_memory = 3U << 20U;

  std::uint32_t concurrent_streams = 100;  // h2 and h3, per connection
  std::size_t stream_window = 64U << 10U;  // request bytes in flight or unread: h1, h2
  std::size_t h3_stream_window = 256U << 10U;
  std::size_t connection_window = 1U << 20U;  // h2 and h3
  // Of a call: response bytes in flight or unread. The connection's window has room for as many of
  // them as streams, so that responses that nobody reads do not hold up the others.
  std::size_t call_window = 256U << 10U;
  // Unwanted bytes of a request body; beyond it h1 closes, and h2 and h3 tell the client to stop.
  std::size_t discarded_body = 4U << 20U;
  std::size_t chunk_overhead = 16U << 10U;  // h1: chunk framing beyond twice the body

  // A session's output queue, plaintext: as much as one write of records takes. More only waits:
  // the socket's own buffer keeps the path full.
  std::size_t output_high = 7 * std::size_t{16384};
  std::size_t retained_bytes = 2U << 20U;  // h3: memory of what is not acknowledged, a connection
  std::size_t h2_outbound_frames = 5000;   // frames that nghttp2 holds for a slow reader
  std::size_t h2_skipped_ids = 16;  // ranges of ids that a client skipped; the oldest is forgotten

  std::size_t qpack_table_bytes = 4096;
  // Streams that may wait for QPACK's encoder stream: none, as some clients never open it (curl
  // 8.14). Requests may refer only to entries that we have acknowledged.
  std::size_t qpack_blocked_streams = 0;

  std::size_t early_held = 16;  // requests of a connection that wait for the handshake, then 425

  // What a client may do wrong on one connection of h2 or h3: proto/session/conduct.h. h1 closes
  // with its first fault.
  Rate faults{.burst = 200, .per_second = 20};        // streams that we reset or refuse for them
  Rate glitches{.burst = 10'000, .per_second = 330};  // frames that ask for nothing
  std::uint32_t too_large = 2;     // requests with too many fields (431); one more ends it
  std::uint32_t ignored_stop = 8;  // h3: what a stream costs that goes on after STOP_SENDING

  std::size_t connections = 10000;       // a worker, TCP; the server lowers it to fit RLIMIT_NOFILE
  std::uint32_t handshake_notices = 10;  // the process: lines a second on handshakes that failed
};

}  // namespace troika
