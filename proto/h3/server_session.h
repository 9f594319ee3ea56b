#pragma once
#include <memory>

#include "proto/h3/control_scanner.h"
#include "proto/h3/session.h"
#include "proto/h3/stream.h"

namespace troika::h3 {

// The server side of one HTTP/3 connection: streams by id, drain, deadlines.
class ServerSession final : public quic::QuicApplication, private EngineOwner {
 public:
  ServerSession(Services& services, quic::QuicStreams& quic);

  Status on_ready() override;
  Status on_handshake_done(TimePoint now) override;
  Status on_data(quic::StreamId id, std::span<const std::byte> bytes, bool fin, bool early,
                 TimePoint now) override;
  Status on_acked(quic::StreamId id, std::uint64_t bytes) override;
  Status on_reset(quic::StreamId id, quic::AppError code) override;
  Status on_stop_sending(quic::StreamId id, quic::AppError code) override;
  Status on_stream_closed(quic::StreamId id, std::optional<quic::AppError> code) override;

  Status apply(TimePoint now) override;
  Result<quic::StreamWrite> next_write() override { return engine_.next_write(); }
  Status wrote(quic::StreamId id, std::size_t bytes, TimePoint now) override;
  void blocked(quic::StreamId id) override { engine_.blocked(id); }
  Status on_writable(quic::StreamId id) override { return engine_.writable(id); }
  Status shut(quic::StreamId id) override;
  quic::AppError close_code() const noexcept override { return engine_.close_code(); }

  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;
  void drain() override;
  bool finished() const noexcept override;
  bool idle() const noexcept override { return lost_ || streams_.empty(); }
  void abort(std::optional<quic::AppError> code) noexcept override;

 private:
  // RFC 9114 §5.2: first a GOAWAY that names no request, a round trip later one that does.
  enum class Drain : std::uint8_t { no, noticed, announced, done };

  EngineStream* find(quic::StreamId id) noexcept override { return request(id); }
  bool takes_tunnels() const noexcept override {
    return services_.snapshot->handler().takes_tunnels();
  }
  ServerStream* request(quic::StreamId id) noexcept { return streams_.find(id); }
  ServerStream& open_request(quic::StreamId id, bool early, TimePoint now);
  Status read_uni(quic::StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now);
  void retire_if_over(ServerStream& stream);
  void know_peer();
  void close_if_sent_away();
  Status judge(Status status);  // what the client has done wrong so far, unless there was an error
  void announce_drain();
  TimePoint idle_deadline() const noexcept;
  bool memory_left() const noexcept;            // for another request
  void allow_more_streams(std::int64_t least);  // all that are due, if at least so many are

  quic::QuicStreams& quic_;
  Services& services_;
  PeerInfo peer_;
  Engine engine_;
  ControlScanner control_;
  Conduct conduct_;
  ServerContext context_;
  StreamTable<ServerStream> streams_;

  TimePoint idle_since_;   // no request since
  TimePoint wrote_at_;     // bytes of some response
  Progress acknowledged_;  // of the responses
  Drain drain_ = Drain::no;
  TimePoint drain_deadline_ = kNever;  // for the second GOAWAY if no acknowledgement comes
  std::uint64_t control_written_ = 0, control_acked_ = 0, notice_end_ = 0;
  std::int64_t allowed_early_ = 0;  // streams allowed in place of others that are not closed yet
  bool peer_known_ = false;
  bool lost_ = false;
  bool pings_ = false;  // there are tunnels
};

}  // namespace troika::h3
