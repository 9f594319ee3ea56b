#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "http/exchange/client_session.h"
#include "http/exchange/incoming.h"
#include "http/message/request_builder.h"
#include "http/message/response_builder.h"
#include "proto/h3/engine.h"

namespace troika::h3 {

// What the streams of a client session share; outlives them.
struct ClientContext {
  BufferPool& pool;
  const Limits& limits;
  Engine& engine;
  std::vector<quic::StreamId> dirty_streams{};  // streams that apply() has to look at
};

// A request of ours and its response on one stream. The session owns it until QUIC has closed the
// stream and the user has destroyed its handle.
class ClientStream final : public EngineStream, private Waker, private Incoming::Feedback {
 public:
  ClientStream(ClientContext& context, quic::StreamId id, const Request& request,
               std::unique_ptr<BodySource> body, ResponseReceiver& receiver);
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;
  ~ClientStream() override;

  void submit(const Request& request);
  // In early data, which the server may reject: the request to submit again then.
  void remember(const Request& request) { early_request_ = std::make_unique<Request>(request); }
  void forget_request() noexcept { early_request_.reset(); }
  // After its stream is lost. False: it cannot be sent again, as its body has begun.
  bool can_begin_again() const noexcept;
  void begin_again(quic::StreamId id);
  void give_up();
  void apply();

  BodySource& response() noexcept { return response_; }
  bool finished() const noexcept;
  void abandon() noexcept;  // the user has destroyed its handle
  bool abandoned() const noexcept { return abandoned_; }

  void on_peer_reset(quic::AppError code);
  void on_peer_stop(quic::AppError code);
  void on_released(std::optional<quic::AppError> code);  // nothing more comes from below
  bool released() const noexcept { return released_; }
  void fail(AbortReason reason, quic::AppError wire_code);

 private:
  void on_field(std::int32_t token, std::string_view name, std::string_view value) override;
  void on_fields_end(bool fin) override;
  void on_trailer(std::string_view name, std::string_view value) override;
  void on_data(std::span<const std::byte> bytes) override;
  void on_end() override;
  void on_rejected() override {}  // only a server refuses
  Result<Pulled> pull(std::size_t max_bytes) override;
  bool body_complete() const noexcept override { return false; }
  const HeaderMap& outgoing_trailers() const noexcept override { return outgoing_trailers_; }
  void on_body_acked(std::size_t) noexcept override {}
  void on_fin_handed_out() override {}

  void wake() noexcept override;
  void on_consumed(std::size_t bytes) noexcept override;
  void on_stopped(AbortReason reason) noexcept override;

  void mark_dirty() noexcept;
  void drop_source(AbortReason reason) noexcept;
  void expect_body();
  bool keeps_to_length(const Pulled& pulled) noexcept;

  ClientContext& context_;
  ResponseReceiver* receiver_;
  std::unique_ptr<BodySource> source_;
  std::unique_ptr<const Request> early_request_;
  std::optional<std::uint64_t> length_;  // of the request body, as declared
  std::uint64_t pulled_ = 0;
  HeaderMap outgoing_trailers_;

  ResponseBuilder builder_;
  TrailerBuilder trailers_;
  Incoming response_;

  std::size_t consumed_ = 0;  // records for apply()
  bool body_begun_ = false;
  bool ready_ = false, cancel_ = false, stop_response_ = false, dirty_ = false;

  bool head_done_ = false;
  bool response_ended_ = false;  // it came whole, or failed
  bool write_ended_ = false;     // by a reset of one side; a FIN is fin_handed_out()
  bool read_ended_ = false;
  bool abandoned_ = false;
  bool released_ = false;
};

}  // namespace troika::h3
