#pragma once
#include <optional>
#include <vector>

#include "http/exchange/exchange.h"
#include "http/message/request_builder.h"
#include "proto/h3/engine.h"
#include "proto/session/stream_records.h"

namespace troika::h3 {

// What the streams of a server session share; outlives them.
struct ServerContext {
  Services& services;
  Engine& engine;
  const PeerInfo& peer;
  std::vector<quic::StreamId> dirty_streams{};  // streams that apply() has to look at
  std::uint32_t served = 0;                     // streams that are
};

// A request and its response on one stream: nghttp3's events on one side, an Exchange on the other.
// It lives from the first byte until QUIC has closed the stream.
class ServerStream final : public EngineStream, private StreamRecords {
 public:
  ServerStream(ServerContext& context, quic::StreamId id, bool early, TimePoint now);
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  void apply();  // no engine is on the stack: the handler starts, records are acted on

  void on_handshake_done() noexcept { mark_dirty(); }
  // Its bytes or its end have come. False: nghttp3 must not see them, the stream is reset.
  bool on_arrival(std::size_t bytes, bool fin);
  // The whole response was handed to QUIC, and the rest of the request is dropped. nghttp3 does not
  // read it any more, so faults in it do not matter.
  bool discarding() const noexcept { return stop && fin_handed_out() && !read_ended_; }
  void on_discarded(std::size_t bytes, bool fin);
  void on_peer_reset();
  void on_peer_stop();
  bool begun() const noexcept { return begun_; }
  // We have work to do for it. Not so when it was aborted, or when the whole response was handed to
  // QUIC and the stream only waits for the peer to acknowledge and close.
  bool live() const noexcept {
    return begun_ ? !exchange_.aborted() && !fin_handed_out() : header_deadline_ != kNever;
  }
  // The whole response was handed to QUIC, and the whole request had been read by then.
  bool served() const noexcept { return served_; }
  void on_closed(std::optional<quic::AppError> code);
  // The connection ends; written bytes stay. cleanly: without an error, so bytes that were not
  // acknowledged have most likely arrived.
  void abandon(AbortReason reason, bool cleanly) noexcept;

  TimePoint deadline() const noexcept;
  // progress: when bytes of any response were acknowledged, for a stream that waits for its turn.
  void on_deadline(TimePoint now, TimePoint progress);

 private:
  void on_field(std::int32_t token, std::string_view name, std::string_view value) override;
  void on_fields_end(bool fin) override;
  void on_trailer(std::string_view name, std::string_view value) override;
  void on_data(std::span<const std::byte> bytes) override;
  void on_end() override;
  void on_rejected() override;
  Result<Pulled> pull(std::size_t max_bytes) override;
  bool body_complete() const noexcept override { return exchange_.content_pulled(); }
  const HeaderMap& outgoing_trailers() const noexcept override;
  void on_body_acked(std::size_t bytes) noexcept override;
  void on_fin_handed_out() override;
  void mark_dirty() noexcept override;

  void fail_unless(const Status& status);
  void give_up(AbortReason reason);
  void stop_reading(quic::AppError code);

  ServerContext& context_;
  RequestBuilder builder_;
  std::optional<TrailerBuilder> trailers_;
  Exchange exchange_;
  Discard discard_;
  TimePoint header_deadline_;  // kNever once the request has come
  bool early_;
  bool empty_ = true;   // no byte has come
  bool begun_ = false;  // its fields are complete, the exchange has begun
  bool dirty_ = false;
  bool served_ = false;
  bool read_ended_ = false;  // FIN or RESET_STREAM came, or STOP_SENDING went
};

}  // namespace troika::h3
