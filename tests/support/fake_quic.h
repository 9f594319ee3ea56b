#pragma once
// QUIC without packets: streams, flow control, acknowledgements and resets as quic::QuicStreams
// promises them, for the tests of what runs on it.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/quic/application.h"

namespace troika::test {

// One end. Joined with another end (join()), or alone with a test that plays the peer by
// receive_*() and reads what was sent from `streams`. The application goes before it.
class FakeQuic final : public quic::QuicStreams {
 public:
  using StreamId = quic::StreamId;
  using AppError = quic::AppError;

  // What this end lets its peer do. The same is assumed of a peer that is not there.
  struct Settings {
    std::size_t stream_window = 256U << 10U;
    std::size_t connection_window = 1U << 20U;
    std::uint64_t bidi_streams = 100;
    std::uint64_t uni_streams = 3;
  };

  struct Stream {
    std::string sent;  // all bytes so far, when `keep_sent`
    std::uint64_t written = 0, acked = 0, send_limit = 0;
    bool fin_sent = false, write_done = false;  // done: fin or reset were acknowledged
    std::optional<AppError> reset_sent, stop_received;

    std::uint64_t received = 0, receive_limit = 0;
    bool read_done = false;  // fin or reset came
    std::optional<AppError> stop_sent, reset_received;

    bool closed = false;
    struct Kept {  // memory of the application that a retransmission would read
      const std::byte* at;
      std::string copy;
    };
    std::deque<Kept> unacked;
  };

  FakeQuic(bool server, Settings settings);
  explicit FakeQuic(bool server) : FakeQuic(server, Settings{}) {}
  FakeQuic(const FakeQuic&) = delete;
  FakeQuic& operator=(const FakeQuic&) = delete;

  static void join(FakeQuic& a, FakeQuic& b);

  // How a run goes.
  std::size_t packet = 1200;      // bytes that one write takes at most
  std::size_t burst = 1U << 20U;  // bytes that one flush sends at most
  bool hold_acks = false;         // acknowledgements wait for release_acks()
  bool keep_sent = true;

  Account held;
  bool tells_stop_sending = true;  // false: the application learns of it by shut() only

  // What happened.
  std::map<StreamId, Stream> streams;  // closed ones stay, to be looked at
  std::optional<AppError> closed;      // the application's error, or close()
  std::optional<AppError> closed_by_peer;
  Duration kept_alive{};  // by keep_alive()
  bool broken = false;    // a limit was overrun, or kept memory changed
  std::uint64_t unacked_bytes = 0;
  std::uint64_t bidi_granted = 0;  // by extend_peer_bidi_streams()

  void start(quic::QuicApplication& application, TimePoint now);
  // A server to whom early data comes: all that it gets until end_handshake() is that.
  void start_early(quic::QuicApplication& application) {
    app_ = &application;
    security_.handshaking = true;
    check(app_->on_ready());
    dirty_ = true;
  }
  void end_handshake(TimePoint now) {
    security_.handshaking = false;
    check(app_->on_handshake_done(now));
    dirty_ = true;
  }
  SecurityInfo& known_security() { return security_; }
  Address& known_remote() { return remote_; }
  // The connection goes, by the peer's close with that code or without any.
  void lose(std::optional<AppError> code = std::nullopt);

  bool alive() const { return app_ != nullptr && !closed && !closed_by_peer; }
  Stream& stream(StreamId id) { return open_stream(id); }
  std::uint64_t connection_window_left() const { return receive_limit_ - connection_received_; }

  // One flush and what came of it delivered to the peer. False when there was nothing to do.
  bool turn(TimePoint now);
  bool deliver(TimePoint now);
  void flush(TimePoint now);
  void release_acks();

  // What a peer would send.
  void receive(StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now,
               bool early = false);
  void receive_text(StreamId id, std::string_view text, bool fin, TimePoint now) {
    receive(id, std::as_bytes(std::span(text)), fin, now);
  }
  void receive_reset(StreamId id, AppError code);
  void receive_stop_sending(StreamId id, AppError code);
  void receive_ack(StreamId id, std::uint64_t bytes, bool fin);
  // Everything that was sent is acknowledged (when no peer is joined).
  void ack_all();
  void receive_stream_credit(StreamId id, std::uint64_t limit);
  void receive_bidi_streams(std::uint64_t count);

  // QuicStreams
  Result<StreamId> open_uni() override { return open(next_uni_, own_uni_limit_, 2); }
  Result<StreamId> open_bidi() override { return open(next_bidi_, own_bidi_limit_, 0); }
  std::size_t bidi_streams_left() const noexcept override { return own_bidi_limit_ - next_bidi_; }
  void keep_alive(Duration silence) noexcept override { kept_alive = silence; }
  void extend_credit(StreamId id, std::size_t bytes) override;
  void extend_connection_credit(std::size_t bytes) override {
    connection_credit_ += bytes;
    dirty_ = true;
  }
  void extend_peer_bidi_streams(std::size_t count) override {
    bidi_granted += count;
    new_bidi_ += count;
    dirty_ = true;
  }
  void shutdown_read(StreamId id, AppError code) override;
  void shutdown_write(StreamId id, AppError code) override;
  void close(AppError code) noexcept override {
    closing_ = code;
    dirty_ = true;
  }
  void mark_writable() noexcept override { dirty_ = true; }
  quic::SendCredit send_credit(StreamId id) const noexcept override;
  Account& account() noexcept override { return held; }
  const SecurityInfo& security() const noexcept override { return security_; }
  const Address& remote() const noexcept override { return remote_; }
  const Address& local() const noexcept override { return local_; }

 private:
  struct Event {
    enum class Kind : std::uint8_t {
      data,
      reset,
      stop,
      ack,
      stream_credit,
      connection_credit,
      bidi_streams,
      close
    } kind;
    StreamId stream = quic::kNoStream;
    std::uint64_t number = 0;  // bytes, a limit or an error code
    bool fin = false;
    std::string bytes{};
  };
  struct Shutdown {
    StreamId stream;
    AppError code;
    bool read;
  };

  void adopt(const Settings& of_peer);
  Result<StreamId> open(std::uint64_t& next, std::uint64_t limit, StreamId kind);
  bool own(StreamId id) const { return quic::is_client_initiated(id) != server_; }
  Stream& open_stream(StreamId id);
  void post(Event event);
  void post_ack(Event event);
  bool check(const Status& status) {
    if (!status) end(app_->close_code());
    return status.has_value();
  }
  void end(AppError code);

  void act();
  void send_reset(StreamId id, Stream& s, AppError code);

  void write(TimePoint now);
  // How much of it went; nothing when the stream is blocked or shut.
  std::optional<std::size_t> write_some(const quic::StreamWrite& next, TimePoint now);
  // Memory that an acknowledgement frees must be what it was when it was sent.
  void release(Stream& s, std::uint64_t bytes);
  void forget(Stream& s);
  void maybe_close(StreamId id, Stream& s);

  void take(const Event& event, TimePoint now);

  bool server_;
  Settings settings_;
  FakeQuic* peer_ = nullptr;
  quic::QuicApplication* app_ = nullptr;
  SecurityInfo security_;
  Address remote_, local_;
  std::deque<Event> inbox_;
  std::vector<Event> held_;

  bool dirty_ = false;
  std::vector<std::pair<StreamId, std::size_t>> credits_;
  std::vector<Shutdown> shutdowns_;
  std::uint64_t connection_credit_ = 0, new_bidi_ = 0;
  std::optional<AppError> closing_;

  std::uint64_t next_uni_ = 0, next_bidi_ = 0, own_uni_limit_ = 0, own_bidi_limit_ = 0;
  std::uint64_t peer_bidi_limit_ = 0;
  std::uint64_t send_window_ = 0, send_left_ = 0;
  std::uint64_t connection_received_ = 0, receive_limit_ = 0;
};

}  // namespace troika::test
