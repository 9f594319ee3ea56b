#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "http/exchange/exchange.h"
#include "http/message/request_builder.h"
#include "proto/h2/engine.h"
#include "proto/session/byte_session.h"
#include "proto/session/stream_records.h"

namespace troika::h2 {

// What the streams of a server session share with it.
struct ServerContext {
  Services& services;
  const PeerInfo& peer;
  SessionHost& host;
  nghttp2_session* engine = nullptr;
  nghttp2_data_source_read_callback2 read = nullptr;  // finds the stream by its id
  std::vector<std::int32_t> dirty_streams;            // streams that have something for apply()
};

// One HTTP/2 stream of a server: from the engine's callbacks to its exchange, and back. The on_*
// functions are called under the engine; apply() is not.
class ServerStream final : public StreamRecords {
 public:
  ServerStream(ServerContext& context, std::int32_t id);
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;
  ~ServerStream() { dirty_ = true; }  // its exchange may still call mark_dirty()

  void on_trailers_begin();
  void on_field(std::string_view name, std::string_view value);
  void on_headers(bool end_stream);  // the field section is complete: the request, or trailers
  void on_data(std::span<const std::byte> bytes);
  void on_request_end();
  void on_handshake_done() noexcept { mark_dirty(); }
  void on_peer_reset() noexcept;
  void on_invalid() noexcept;        // the engine resets the stream
  void on_head_not_sent() noexcept;  // the engine refuses to send our fields

  nghttp2_ssize read(std::size_t max_bytes, std::uint32_t* flags);  // the data provider
  Slice take_pending(std::size_t length) noexcept;                  // what read() promised
  void on_end_sent() noexcept;                                      // END_STREAM was framed
  void on_closed() noexcept;                                        // the engine forgets the stream
  void on_sent(std::size_t bytes) noexcept;                         // of the body, for the wire

  void apply();
  void abort(AbortReason reason) noexcept;
  void retire() noexcept { exchange_.on_closed(); }

  // Closed, and all of the body has left the queue, or the exchange was aborted.
  bool over() const noexcept { return closed_ && (unsent_ == 0 || exchange_.aborted()); }
  TimePoint deadline() const noexcept;
  // progress: when the connection last sent bytes, for a stream that waits for its turn.
  void on_deadline(TimePoint now, TimePoint progress);

 private:
  void mark_dirty() noexcept override;
  void check(Status status) noexcept;
  void give_credit() noexcept;
  void submit_head(const Head& head);
  void submit_informational();
  void submit_trailers();
  void submit_reset(std::uint32_t code) noexcept;
  bool discarding() const noexcept {
    return unwanted_ && end_sent_ && exchange_.receiving() != Receiving::done;
  }

  ServerContext& context_;
  const std::int32_t id_;
  std::unique_ptr<RequestBuilder> builder_;
  std::unique_ptr<TrailerBuilder> trailers_;
  Slice pending_;               // pulled, and about to be framed
  std::size_t unconsumed_ = 0;  // request bytes that hold the connection's window
  std::size_t unsent_ = 0;      // response bytes in the output queue
  Discard discard_;
  bool dirty_ = false;
  bool begun_ = false;     // the exchange has a request
  bool unwanted_ = false;  // the rest of the request is not read
  bool end_sent_ = false, resetting_ = false, closed_ = false;
  Exchange exchange_;  // last: it may still call this port while it dies
};

}  // namespace troika::h2
