#pragma once
// QUIC without packets: streams, flow control, acknowledgements and resets as quic::QuicStreams
// promises them, for the tests of what runs on it.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/quic/application.h"

namespace troika::test {

// One end. Joined with another end (join()), or alone with a test that plays the peer by
// receive_*() and reads what was sent from `streams`.
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

  FakeQuic(bool server, Settings settings) : server_(server), settings_(settings) {
    security_.encrypted = true;
    security_.alpn = "h3";
    security_.version = "TLSv1.3";
    remote_ = Address::v4(0x7f000001, server ? 50000 : 8443);
    local_ = Address::v4(0x7f000001, server ? 8443 : 50000);
    adopt(settings);
    peer_bidi_limit_ = settings.bidi_streams;
    receive_limit_ = settings.connection_window;
  }
  explicit FakeQuic(bool server) : FakeQuic(server, Settings{}) {}
  FakeQuic(const FakeQuic&) = delete;
  FakeQuic& operator=(const FakeQuic&) = delete;

  static void join(FakeQuic& a, FakeQuic& b) {
    a.peer_ = &b;
    b.peer_ = &a;
    a.adopt(b.settings_);
    b.adopt(a.settings_);
  }

  // How a run goes.
  std::size_t packet = 1200;      // bytes that one write takes at most
  std::size_t burst = 1U << 20U;  // bytes that one flush sends at most
  bool hold_acks = false;         // acknowledgements wait for release_acks()
  bool keep_sent = true;
  bool tells_stop_sending = true;  // false: the application learns of it by shut() only

  // What happened.
  std::map<StreamId, Stream> streams;  // closed ones stay, to be looked at
  std::optional<AppError> closed;      // the application's error, or close()
  std::optional<AppError> closed_by_peer;
  bool broken = false;  // a window was overrun, or kept memory changed
  std::uint64_t unacked_bytes = 0;
  std::uint64_t bidi_granted = 0;  // by extend_peer_bidi_streams()
  int marks = 0;

  void start(quic::QuicApplication& application, TimePoint now) {
    app_ = &application;
    check(app_->on_ready());
    check(app_->on_handshake_done(now));
    dirty_ = true;
  }
  // The connection goes: the application lets its exchanges go.
  void lose() {
    if (app_ != nullptr) std::exchange(app_, nullptr)->abort();
    for (auto& [id, stream] : streams) forget(stream);
  }

  bool alive() const { return app_ != nullptr && !closed && !closed_by_peer; }
  Stream& stream(StreamId id) { return open_stream(id); }
  std::uint64_t connection_window_left() const { return receive_limit_ - connection_received_; }
  std::size_t open_streams() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(streams, [](const auto& s) { return !s.second.closed; }));
  }

  // One flush and what came of it delivered to the peer. False when there was nothing to do.
  bool turn(TimePoint now) {
    if (!alive()) return false;
    const bool moved = std::exchange(dirty_, false);
    if (moved) flush(now);
    return moved;
  }
  bool deliver(TimePoint now) {
    bool moved = false;
    while (!inbox_.empty() && alive()) {
      const Event event = std::move(inbox_.front());
      inbox_.pop_front();
      take(event, now);
      moved = true;
    }
    return moved;
  }
  void flush(TimePoint now) {
    if (!alive()) return;
    if (!check(app_->apply(now))) return;
    act();
    write(now);
  }
  void release_acks() {
    hold_acks = false;
    for (Event& event : std::exchange(held_, {})) post(std::move(event));
  }

  // What a peer would send.
  void receive(StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now,
               bool early = false) {
    if (!alive()) return;
    Stream& s = open_stream(id);
    if (s.closed || s.read_done) return;
    s.received += bytes.size();
    connection_received_ += bytes.size();
    if (s.received > s.receive_limit || connection_received_ > receive_limit_) broken = true;
    s.read_done = fin;
    dirty_ = true;
    if (s.stop_sent) {
      receive_limit_ += bytes.size();  // nobody reads this stream: the window opens by itself
    } else {
      check(app_->on_data(id, bytes, fin, early, now));
    }
    maybe_close(id, s);
  }
  void receive_text(StreamId id, std::string_view text, bool fin, TimePoint now) {
    receive(id, std::as_bytes(std::span(text)), fin, now);
  }
  void receive_reset(StreamId id, AppError code) {
    if (!alive()) return;
    Stream& s = open_stream(id);
    if (s.closed || s.read_done) return;
    s.read_done = true;
    s.reset_received = code;
    dirty_ = true;
    check(app_->on_reset(id, code));
    maybe_close(id, s);
  }
  void receive_stop_sending(StreamId id, AppError code) {
    if (!alive()) return;
    Stream& s = open_stream(id);
    if (s.closed || s.write_done || s.reset_sent || s.stop_received) return;
    s.stop_received = code;
    dirty_ = true;
    if (tells_stop_sending) check(app_->on_stop_sending(id, code));
    if (alive()) send_reset(id, s, code);
  }
  void receive_ack(StreamId id, std::uint64_t bytes, bool fin) {
    if (!alive()) return;
    Stream& s = open_stream(id);
    if (s.closed) return;
    if (bytes > 0) {
      s.acked += bytes;
      release(s, bytes);
      dirty_ = true;
      check(app_->on_acked(id, bytes));
    }
    if (fin) s.write_done = true;
    maybe_close(id, s);
  }
  // Everything that was sent is acknowledged (when no peer is joined).
  void ack_all() {
    std::vector<StreamId> ids;
    for (auto& [id, s] : streams) ids.push_back(id);
    for (const StreamId id : ids) {
      const Stream& s = streams[id];
      receive_ack(id, s.written - s.acked, s.fin_sent || s.reset_sent.has_value());
    }
  }
  void receive_stream_credit(StreamId id, std::uint64_t limit) {
    Stream& s = open_stream(id);
    if (!alive() || s.closed || limit <= s.send_limit) return;
    s.send_limit = limit;
    dirty_ = true;
    check(app_->on_writable(id));
  }
  void receive_bidi_streams(std::uint64_t count) {
    own_bidi_limit_ += count;
    if (alive()) app_->on_streams_available();
    dirty_ = true;
  }

  // QuicStreams
  Result<StreamId> open_uni() override { return open(next_uni_, own_uni_limit_, 2); }
  Result<StreamId> open_bidi() override { return open(next_bidi_, own_bidi_limit_, 0); }
  void extend_credit(StreamId id, std::size_t bytes) override {
    credits_.emplace_back(id, bytes);
    extend_connection_credit(bytes);
  }
  void extend_connection_credit(std::size_t bytes) override {
    connection_credit_ += bytes;
    dirty_ = true;
  }
  void extend_peer_bidi_streams(std::size_t count) override {
    bidi_granted += count;
    new_bidi_ += count;
    dirty_ = true;
  }
  void shutdown_read(StreamId id, AppError code) override {
    shutdowns_.push_back({id, code, true});
    dirty_ = true;
  }
  void shutdown_write(StreamId id, AppError code) override {
    shutdowns_.push_back({id, code, false});
    dirty_ = true;
  }
  void close(AppError code) noexcept override {
    closing_ = code;
    dirty_ = true;
  }
  void mark_writable() noexcept override {
    ++marks;
    dirty_ = true;
  }
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

  void adopt(const Settings& of_peer) {
    send_window_ = of_peer.stream_window;
    send_left_ = of_peer.connection_window;
    own_bidi_limit_ = of_peer.bidi_streams;
    own_uni_limit_ = of_peer.uni_streams;
  }
  Result<StreamId> open(std::uint64_t& next, std::uint64_t limit, StreamId kind) {
    if (next == limit) return fail(ErrorCode::unavailable, "no more streams");
    const StreamId id = static_cast<StreamId>(next++ * 4) + kind + (server_ ? 1 : 0);
    open_stream(id);
    return id;
  }
  bool own(StreamId id) const { return quic::is_client_initiated(id) != server_; }
  Stream& open_stream(StreamId id) {
    const auto [it, fresh] = streams.try_emplace(id);
    if (fresh) {
      it->second.send_limit = send_window_;
      it->second.receive_limit = settings_.stream_window;
      if (!quic::is_bidi(id)) (own(id) ? it->second.read_done : it->second.write_done) = true;
    }
    return it->second;
  }
  void post(Event event) {
    if (peer_ != nullptr) peer_->inbox_.push_back(std::move(event));
  }
  void post_ack(Event event) {
    if (hold_acks) {
      held_.push_back(std::move(event));
    } else {
      post(std::move(event));
    }
  }
  bool check(const Status& status) {
    if (!status) end(app_->close_code());
    return status.has_value();
  }
  void end(AppError code) {
    if (closed) return;
    closed = code;
    post({.kind = Event::Kind::close, .number = code});
    app_->abort();
  }

  void act() {
    for (const auto& [id, bytes] : std::exchange(credits_, {})) {
      Stream& s = open_stream(id);
      if (s.closed || s.read_done) continue;
      s.receive_limit += bytes;
      post({.kind = Event::Kind::stream_credit, .stream = id, .number = s.receive_limit});
    }
    if (const std::uint64_t more = std::exchange(connection_credit_, 0); more > 0) {
      receive_limit_ += more;
      post({.kind = Event::Kind::connection_credit, .number = more});
    }
    if (const std::uint64_t more = std::exchange(new_bidi_, 0); more > 0) {
      peer_bidi_limit_ += more;
      post({.kind = Event::Kind::bidi_streams, .number = more});
    }
    for (const Shutdown& shutdown : std::exchange(shutdowns_, {})) {
      Stream& s = open_stream(shutdown.stream);
      if (s.closed) continue;
      if (!shutdown.read) {
        send_reset(shutdown.stream, s, shutdown.code);
      } else if (!s.read_done && !s.stop_sent) {
        s.stop_sent = shutdown.code;
        post({.kind = Event::Kind::stop, .stream = shutdown.stream, .number = shutdown.code});
      }
    }
  }
  void send_reset(StreamId id, Stream& s, AppError code) {
    if (s.reset_sent || s.write_done) return;
    s.reset_sent = code;
    post({.kind = Event::Kind::reset, .stream = id, .number = code});
  }

  void write(TimePoint now) {
    for (std::size_t sent = 0; alive() && sent < burst && send_left_ > 0;) {
      const auto next = app_->next_write();
      if (!next) return end(app_->close_code());
      if (next->stream == quic::kNoStream) break;
      const auto taken = write_some(*next, now);
      if (taken) sent += *taken;
    }
    if (alive() && closing_) end(*closing_);
  }
  // How much of it went; nothing when the stream is blocked or shut.
  std::optional<std::size_t> write_some(const quic::StreamWrite& next, TimePoint now) {
    Stream& s = open_stream(next.stream);
    if (s.closed || s.reset_sent || s.fin_sent) {
      check(app_->shut(next.stream));
      return std::nullopt;
    }
    std::size_t offered = 0;
    for (const iovec& v : next.data) offered += v.iov_len;
    const auto room = static_cast<std::size_t>(
        std::min<std::uint64_t>({packet, s.send_limit - s.written, send_left_, offered}));
    if (offered > 0 && s.send_limit == s.written) {
      app_->blocked(next.stream);
      return std::nullopt;
    }
    Event event{.kind = Event::Kind::data, .stream = next.stream};
    event.fin = next.fin && room == offered;
    std::size_t left = room;
    for (const iovec& v : next.data) {
      const std::size_t n = std::min(left, v.iov_len);
      if (n == 0) continue;
      const auto* at = static_cast<const std::byte*>(v.iov_base);
      s.unacked.push_back({at, std::string(static_cast<const char*>(v.iov_base), n)});
      event.bytes += s.unacked.back().copy;
      left -= n;
    }
    s.written += room;
    s.fin_sent = event.fin;
    send_left_ -= room;
    unacked_bytes += room;
    if (keep_sent) s.sent += event.bytes;
    post(std::move(event));
    check(app_->wrote(next.stream, room, now));
    return room;
  }
  // Memory that an acknowledgement frees must be what it was when it was sent.
  void release(Stream& s, std::uint64_t bytes) {
    unacked_bytes -= bytes;
    while (bytes > 0 && !s.unacked.empty()) {
      Stream::Kept& kept = s.unacked.front();
      const std::size_t n = std::min<std::size_t>(bytes, kept.copy.size());
      if (std::memcmp(kept.at, kept.copy.data(), n) != 0) broken = true;
      bytes -= n;
      if (n == kept.copy.size()) {
        s.unacked.pop_front();
      } else {
        kept.at += n;
        kept.copy.erase(0, n);
      }
    }
  }
  void forget(Stream& s) {
    unacked_bytes -= s.written - s.acked;
    s.acked = s.written;
    s.unacked.clear();
  }
  void maybe_close(StreamId id, Stream& s) {
    if (!alive() || s.closed || !s.read_done || !s.write_done) return;
    for (const Stream::Kept& kept : s.unacked) {
      if (std::memcmp(kept.at, kept.copy.data(), kept.copy.size()) != 0) broken = true;
    }
    forget(s);
    s.closed = true;
    const auto code = s.reset_received ? s.reset_received : s.reset_sent;
    check(app_->on_stream_closed(id, code));
  }

  void take(const Event& event, TimePoint now) {
    switch (event.kind) {
      case Event::Kind::data:
        receive(event.stream, std::as_bytes(std::span(event.bytes)), event.fin, now);
        post_ack({.kind = Event::Kind::ack,
                  .stream = event.stream,
                  .number = event.bytes.size(),
                  .fin = event.fin});
        break;
      case Event::Kind::reset:
        receive_reset(event.stream, event.number);
        post_ack({.kind = Event::Kind::ack, .stream = event.stream, .fin = true});
        break;
      case Event::Kind::stop: receive_stop_sending(event.stream, event.number); break;
      case Event::Kind::ack: receive_ack(event.stream, event.number, event.fin); break;
      case Event::Kind::stream_credit: receive_stream_credit(event.stream, event.number); break;
      case Event::Kind::connection_credit:
        send_left_ += event.number;
        dirty_ = true;
        break;
      case Event::Kind::bidi_streams: receive_bidi_streams(event.number); break;
      case Event::Kind::close:
        closed_by_peer = event.number;
        app_->abort();
        break;
    }
  }

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
