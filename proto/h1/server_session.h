#pragma once
#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "http/exchange/services.h"
#include "proto/h1/request_reader.h"
#include "proto/h1/stream.h"
#include "proto/session/byte_session.h"

namespace troika::h1 {

// The server side of one HTTP/1.x connection. One request at a time is read and handled. Pipelined
// requests wait as bytes until their turn; responses that are written wait in sent_ until they have
// left.
class ServerSession final : public ByteSession,
                            private RequestReader::BodySink,
                            private SessionHost {
 public:
  ServerSession(Services& services, const PeerInfo& peer, SessionHost& host);

  Status receive(std::span<const std::byte> bytes, TimePoint now) override;
  void receive_end(TimePoint now) override;
  void on_handshake_done(TimePoint) override { mark_dirty(); }
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) override;
  void on_written(std::size_t bytes, TimePoint now) noexcept override;
  void on_progress(TimePoint now) noexcept override { progress_at_ = now; }
  Interest interest() const noexcept override;
  bool at_rest() const noexcept override {
    return current_ == nullptr && sent_.empty() && buffered_.empty() && head_since_ == kNever;
  }
  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;
  void drain() override;
  void abort(AbortReason reason) noexcept override;

 private:
  // Whether produce() is on the stack, and a stream has asked for another one meanwhile.
  enum class Producing : std::uint8_t { no, yes, again };

  bool on_body(std::span<const std::byte> bytes) override { return current_->on_body(bytes); }
  void mark_dirty() noexcept override;
  Account& account() noexcept override { return host_.account(); }

  bool over() const noexcept { return phase_ >= Phase::over; }
  void reach(Phase phase) noexcept { phase_ = std::max(phase_, phase); }
  bool can_read() const noexcept;
  void recount() noexcept { charge_.set(buffered_.capacity() + reader_.head_bytes()); }
  std::size_t consume(std::span<const std::byte> bytes, TimePoint now);
  bool consume_buffered(TimePoint now);
  void note_last() noexcept;
  void act_on(RequestReader::Event event);
  std::unique_ptr<ServerStream> make_stream();
  void refuse(std::uint16_t status);
  void on_input_end();
  bool retire(TimePoint now);
  void close_sent(TimePoint now) noexcept;
  TimePoint own_deadline() const noexcept;

  Services& services_;
  const PeerInfo& peer_;
  SessionHost& host_;
  RequestReader reader_;
  std::vector<std::byte> buffered_;  // received and not yet parsed, from buffered_from_ on
  std::size_t buffered_from_ = 0;
  Charge charge_;  // of what is buffered, and of the head that comes
  std::unique_ptr<ServerStream> current_;
  std::deque<std::unique_ptr<ServerStream>> sent_;
  Ledger ledger_;
  TimePoint head_since_ = kNever;      // first byte of the request whose head is being read
  TimePoint trailers_since_ = kNever;  // the same of the trailers of the one in hand
  TimePoint idle_since_, progress_at_;
  Phase phase_ = Phase::open;
  Producing producing_ = Producing::no;
  bool draining_ = false;
  bool peer_ended_ = false;
};

// The arguments outlive the session.
std::unique_ptr<ByteSession> make_session(Services& services, const PeerInfo& peer,
                                          SessionHost& host);

}  // namespace troika::h1
