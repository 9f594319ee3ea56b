#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/exchange/client_session.h"
#include "http/exchange/incoming.h"
#include "http/message/limits.h"
#include "http/message/request_builder.h"
#include "http/message/response_builder.h"
#include "proto/h2/engine.h"
#include "proto/session/byte_session.h"

namespace troika::h2 {

class ClientStream;

// What the streams of a client session share with it.
struct ClientContext {
  BufferPool& pool;
  const Limits& limits;
  SessionHost& host;
  nghttp2_session* engine = nullptr;
  // Streams that the engine knows; null after the user has destroyed it.
  std::unordered_map<std::int32_t, ClientStream*> open{};
  std::vector<std::int32_t> dirty_streams{};  // streams that have something for apply()
  std::size_t credit = 0;  // bytes of closed streams that hold the connection's window
};

inline constexpr std::size_t kClientStreamWindow = 1U << 20U;
inline constexpr std::size_t kClientConnectionWindow = 4U << 20U;

// One request of a client. The on_* functions are called under the engine; apply() is not.
class ClientStream final : public troika::ClientStream, private Waker, private Incoming::Feedback {
 public:
  ClientStream(ClientContext& context, ResponseReceiver& receiver, Method asked,
               std::unique_ptr<BodySource> request_body);
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;
  ~ClientStream() override;

  BodySource& body() override { return channel_; }
  bool finished() const noexcept override { return closed_; }

  Status submit(const Request& request);

  void on_field(std::string_view name, std::string_view value);
  void on_headers(bool end_stream);
  void on_data(std::span<const std::byte> bytes);
  void on_response_end();
  void on_peer_reset() noexcept { peer_reset_ = true; }
  void on_closed(std::uint32_t code);
  void on_connection_lost(AbortReason reason);

  nghttp2_ssize read(std::size_t max_bytes, std::uint32_t* flags);  // the data provider
  Slice take_pending(std::size_t) noexcept { return std::exchange(pending_, {}); }
  void apply();

 private:
  void wake() noexcept override;
  void on_consumed(std::size_t bytes) noexcept override;
  void on_stopped(AbortReason reason) noexcept override;
  void mark_dirty() noexcept;
  void fail(AbortReason reason, std::uint64_t wire_code);
  void take_head(bool end_stream);
  void refuse(AbortReason reason);
  void cancel(std::uint32_t code) noexcept;
  void drop_request_body(AbortReason reason) noexcept;

  ClientContext& context_;
  ResponseReceiver& receiver_;
  std::int32_t id_ = 0;
  Incoming channel_;
  std::unique_ptr<BodySource> request_body_;
  Slice pending_;

  ResponseBuilder builder_;
  TrailerBuilder trailers_;
  std::size_t unconsumed_ = 0;  // response bytes that hold the connection's window
  std::size_t consumed_ = 0;    // read since the last apply()
  bool head_seen_ = false;      // the final head: what comes now are trailers
  bool response_ended_ = false, failed_ = false, peer_reset_ = false;
  bool dirty_ = false, ready_ = false, cancelled_ = false, closed_ = false;
};

}  // namespace troika::h2
