#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "proto/h3/session.h"
#include "proto/h3/stream.h"

namespace troika::h3 {

// The client side of one HTTP/3 connection.
class ClientSession final : public ClientApplication, private EngineOwner {
 public:
  ClientSession(const CallServices& services, quic::QuicStreams& quic);

  Result<CallHandle> start(Request request, std::unique_ptr<BodySource> body, Receiver& receiver,
                           const CallTimeouts& timeouts) override;
  std::size_t free() const noexcept override;
  bool draining() const noexcept override { return draining_; }

  Status on_ready() override;
  Status on_handshake_done(TimePoint) override { return engine_.status(); }
  Status on_early_rejected() override;
  std::vector<std::byte> remembered() const override;
  bool remember(std::span<const std::byte> bytes) override;
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
  bool finished() const noexcept override { return draining_ && idle(); }
  bool idle() const noexcept override { return lost_ || open_ == 0; }
  void abort(std::optional<quic::AppError> code) noexcept override;

 private:
  EngineStream* find(quic::StreamId id) noexcept override { return request(id); }
  void on_goaway(quic::StreamId id) override;
  bool accepts(const PeerSettings& settings) override;
  void on_released(quic::StreamId id, std::optional<quic::AppError> code) override;
  ClientStream* request(quic::StreamId id) noexcept { return requests_.find(id); }
  bool live() const noexcept;  // a call is in flight, be its stream open or not
  TimePoint idle_deadline() const noexcept;

  const CallServices& services_;
  quic::QuicStreams& quic_;
  Engine engine_;
  StreamContext context_;
  StreamTable<ClientStream> requests_;
  std::vector<std::unique_ptr<ClientStream>> given_up_;  // with early data, until they are over
  std::size_t open_ = 0;                                 // requests that are not released
  TimePoint moved_at_;                                   // bytes or an end of a request, last
  Progress acknowledged_;                                // of the requests
  std::optional<PeerSettings> settings_;                 // of the server, once they are known
  std::optional<PeerSettings> last_settings_;            // that early data relies on
  bool draining_ = false;
  bool lost_ = false;
};

}  // namespace troika::h3
