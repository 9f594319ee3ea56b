#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proto/h2/engine.h"
#include "proto/h2/stream.h"
#include "proto/session/byte_session.h"

namespace troika::h2 {

template <class Session>
struct SessionCallbacks;

// How far the connection of a client has come. It only moves down:
enum class Phase : std::uint8_t {
  open,
  leaving,     // drained: GOAWAY is due when the last request is over
  left,        // it was submitted
  terminated,  // nothing more is read from the peer; what the engine has to say is still written
  finished,    // nothing is read or written any more
  lost         // the same: the peer does not respond, so that the connection ends in a reset
};

// The client side of one HTTP/2 connection.
class ClientSession final : public ClientByteSession {
 public:
  ClientSession(const CallServices& services, SessionHost& host);

  Result<CallHandle> start(Request request, std::unique_ptr<BodySource> body, Receiver& receiver,
                           const CallTimeouts& timeouts) override;
  std::size_t free() const noexcept override;
  bool idle() const noexcept override { return open_ == 0; }
  bool draining() const noexcept override;

  Status receive(std::span<const std::byte> bytes, TimePoint now) override;
  void receive_end(TimePoint now) override;
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) override;
  void on_written(std::size_t bytes, TimePoint now) noexcept override;
  void on_progress(TimePoint now) noexcept override { progress_at_ = now; }
  Interest interest() const noexcept override;
  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;
  void drain() override;
  void abort(AbortReason reason) noexcept override;

 private:
  friend struct SessionCallbacks<ClientSession>;

  void submit_settings();
  std::size_t most_requests() const noexcept;
  bool over() const noexcept { return phase_ >= Phase::finished; }
  TimePoint connection_deadline() const noexcept;
  void on_silence(TimePoint now);
  void end(Phase phase, AbortReason reason) noexcept;  // for the streams, too
  // Of a stream that the engine has and that was not aborted.
  ClientStream* find(std::int32_t id) noexcept {
    return static_cast<ClientStream*>(nghttp2_session_get_stream_user_data(engine_.get(), id));
  }
  ClientStream* find_unopened(std::int32_t id) noexcept;  // the engine may not have it yet
  void apply_records();
  void retire_if_over(ClientStream& stream) noexcept;  // freed when no engine is on the stack
  bool engine_done() const noexcept;

  // Called under the engine.
  static constexpr bool pauses_after(std::size_t) noexcept { return false; }
  void on_settings_begin() noexcept { initial_window_.before(engine_.get(), streams_); }
  void on_headers_begin(const nghttp2_frame&) noexcept {}
  void on_frame(const nghttp2_frame& frame);
  void on_frame_sent(const nghttp2_frame& frame) noexcept;
  void on_frame_not_sent(const nghttp2_frame& frame, int error) noexcept;
  void on_stream_closed(std::int32_t id, std::uint32_t code) noexcept;
  void on_closed(ClientStream& stream, std::uint32_t code) noexcept;
  static nghttp2_ssize read_request(nghttp2_session*, std::int32_t id, std::uint8_t*,
                                    std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                                    void* user) noexcept;

  const CallServices& services_;
  StreamContext context_;
  LibraryMemory memory_;
  Engine engine_;
  InitialWindow initial_window_;
  Outbound outbound_;
  StreamList<ClientStream> streams_;
  std::vector<std::unique_ptr<ClientStream>> dead_;
  std::size_t open_ = 0;        // streams that the engine knows
  bool settings_seen_ = false;  // the server's
  TimePoint progress_at_;
  TimePoint idle_since_;                // without a request in flight
  TimePoint heard_at_;                  // bytes came, or the first request began
  std::optional<TimePoint> pinged_at_;  // a PING since then
  Phase phase_ = Phase::open;
};

// The arguments outlive the session.
std::unique_ptr<ClientByteSession> make_client_session(const CallServices& services,
                                                       SessionHost& host);

}  // namespace troika::h2
