#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "proto/h2/engine.h"
#include "proto/h2/frame_scanner.h"
#include "proto/h2/inbound.h"
#include "proto/h2/stream.h"
#include "proto/session/byte_session.h"

namespace troika::h2 {

template <class Session>
struct SessionCallbacks;

// The server side of one HTTP/2 connection: streams by id, drain, deadlines.
class ServerSession final : public ByteSession {
 public:
  ServerSession(Services& services, const PeerInfo& peer, SessionHost& host);

  Status receive(std::span<const std::byte> bytes, TimePoint now) override;
  void receive_end(TimePoint now) override;
  void on_handshake_done(TimePoint now) override;
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) override;
  void on_written(std::size_t bytes, TimePoint now) noexcept override;
  void on_progress(TimePoint now) noexcept override { progress_at_ = now; }
  Interest interest() const noexcept override;
  bool at_rest() const noexcept override {
    return streams_.empty() && outbound_.queued() == 0 && !scanner_.section_since() &&
           !inbound_.paused();
  }
  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;
  void drain() override;
  void abort(AbortReason reason) noexcept override;

 private:
  friend struct SessionCallbacks<ServerSession>;
  enum class Drain : std::uint8_t { no, noticed, final };

  void make_engine();
  void submit_settings();
  // Of a stream that the engine has and that was not aborted.
  ServerStream* find(std::int32_t id) noexcept {
    return static_cast<ServerStream*>(nghttp2_session_get_stream_user_data(engine_.get(), id));
  }
  void retire_all(AbortReason reason) noexcept;
  void retire_if_over(ServerStream& stream) noexcept;  // freed when no engine is on the stack

  Status flush(OutputQueue& out, std::size_t high_watermark, Outbound::What what);
  void apply_records();
  bool read_on();
  bool engine_done() const noexcept;
  void terminate(std::uint32_t code, AbortReason reason) noexcept;
  Status judge();
  Status check_input(int result);
  void on_goaway_sent() noexcept;
  void final_goaway() noexcept;
  TimePoint connection_deadline() const noexcept;

  // Called under the engine.
  bool pauses_after(std::size_t field) noexcept { return inbound_.decoded(field); }
  void on_settings_begin() noexcept { initial_window_.before(engine_.get(), streams_); }
  void on_headers_begin(const nghttp2_frame& frame);
  void on_frame(const nghttp2_frame& frame);
  void on_control_frame(const nghttp2_frame& frame) noexcept;
  void on_invalid_frame(const nghttp2_frame& frame) noexcept;
  void on_frame_sent(const nghttp2_frame& frame) noexcept;
  void on_reset_sent(std::uint32_t code) noexcept;
  void on_frame_not_sent(const nghttp2_frame& frame, int error) noexcept;
  void on_stream_closed(std::int32_t id, std::uint32_t code) noexcept;
  // The data provider of all responses.
  static nghttp2_ssize read_response(nghttp2_session*, std::int32_t id, std::uint8_t*,
                                     std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                                     void* user) noexcept;

  Services& services_;
  const PeerInfo& peer_;
  StreamContext context_;
  FrameScanner scanner_;
  std::optional<FrameScanner::Fault> wrong_;  // behind what the engine was given
  Inbound inbound_;
  LibraryMemory memory_;
  Conduct conduct_;
  Engine engine_;
  InitialWindow initial_window_;
  Outbound outbound_;
  StreamList<ServerStream> streams_;
  std::vector<std::unique_ptr<ServerStream>> dead_;
  TimePoint now_, started_, idle_since_, drain_since_, progress_at_;
  Drain drain_ = Drain::no;
  bool settings_seen_ = false;  // the client's preface is complete
  bool received_ = false;       // since the last produce()
  bool terminated_ = false;     // nothing more is read from the peer
  bool finished_ = false;
};

// The arguments outlive the session.
std::unique_ptr<ByteSession> make_session(Services& services, const PeerInfo& peer,
                                          SessionHost& host);

}  // namespace troika::h2
