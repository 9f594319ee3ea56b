#pragma once
#include <memory>

#include "proto/h2/client_stream.h"
#include "proto/h2/engine.h"
#include "proto/session/byte_session.h"

namespace troika::h2 {

template <class Session>
struct SessionCallbacks;

// The client side of one HTTP/2 connection.
class ClientSession final : public ClientByteSession {
 public:
  ClientSession(BufferPool& pool, const Limits& limits, SessionHost& host);

  Result<std::unique_ptr<troika::ClientStream>> start(const Request& request,
                                                      std::unique_ptr<BodySource> body,
                                                      ResponseReceiver& receiver) override;
  bool full() const noexcept override;
  bool draining() const noexcept override { return draining_; }

  Status receive(std::span<const std::byte> bytes, TimePoint now) override;
  void receive_end(TimePoint now) override;
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) override;
  void on_written(std::size_t bytes, TimePoint now) noexcept override;
  void on_progress(TimePoint) noexcept override {}
  Interest interest() const noexcept override;
  TimePoint deadline() const noexcept override { return kNever; }
  void on_deadline(TimePoint) override {}
  void drain() override;
  void abort(AbortReason reason) noexcept override;

 private:
  friend struct SessionCallbacks<ClientSession>;

  void submit_settings();
  ClientStream* find(std::int32_t id) noexcept;
  void lose_all(AbortReason reason);
  void apply_records();
  bool engine_done() const noexcept;

  // Called under the engine.
  void on_headers_begin(const nghttp2_frame&) noexcept {}
  void on_frame(const nghttp2_frame& frame);
  void on_frame_not_sent(const nghttp2_frame& frame);
  void on_stream_closed(std::int32_t id, std::uint32_t code);

  ClientContext context_;
  Engine engine_;
  Outbound outbound_;
  bool draining_ = false;    // no new requests
  bool leaving_ = false;     // GOAWAY is due when the last request is over
  bool terminated_ = false;  // nothing more is read from the peer
  bool finished_ = false;
};

// The arguments outlive the session.
std::unique_ptr<ClientByteSession> make_client_session(BufferPool& pool, const Limits& limits,
                                                       SessionHost& host);

}  // namespace troika::h2
