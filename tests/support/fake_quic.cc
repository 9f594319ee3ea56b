#include "fake_quic.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace troika::test {

FakeQuic::FakeQuic(bool server, Settings settings) : server_(server), settings_(settings) {
  security_.encrypted = true;
  security_.alpn = "h3";
  security_.version = "TLSv1.3";
  remote_ = Address::v4(0x7f000001, server ? 50000 : 8443);
  local_ = Address::v4(0x7f000001, server ? 8443 : 50000);
  adopt(settings);
  peer_bidi_limit_ = settings.bidi_streams;
  receive_limit_ = settings.connection_window;
}

void FakeQuic::join(FakeQuic& a, FakeQuic& b) {
  a.peer_ = &b;
  b.peer_ = &a;
  a.adopt(b.settings_);
  b.adopt(a.settings_);
}

void FakeQuic::start(quic::QuicApplication& application, TimePoint now) {
  app_ = &application;
  check(app_->on_ready());
  check(app_->on_handshake_done(now));
  dirty_ = true;
}

void FakeQuic::lose(std::optional<AppError> code) {
  if (app_ != nullptr) std::exchange(app_, nullptr)->abort(code);
  for (auto& [id, stream] : streams) forget(stream);
}

bool FakeQuic::turn(TimePoint now) {
  if (!alive()) return false;
  const bool moved = std::exchange(dirty_, false);
  if (moved) flush(now);
  return moved;
}

void FakeQuic::release_acks() {
  hold_acks = false;
  for (Event& event : std::exchange(held_, {})) post(std::move(event));
}

void FakeQuic::extend_credit(StreamId id, std::size_t bytes) {
  credits_.emplace_back(id, bytes);
  extend_connection_credit(bytes);
}

quic::SendCredit FakeQuic::send_credit(StreamId id) const noexcept {
  const auto found = streams.find(id);
  if (found == streams.end()) return {};
  return {.stream = found->second.send_limit - found->second.written, .connection = send_left_};
}

void FakeQuic::shutdown_read(StreamId id, AppError code) {
  shutdowns_.push_back({id, code, true});
  dirty_ = true;
}

void FakeQuic::shutdown_write(StreamId id, AppError code) {
  shutdowns_.push_back({id, code, false});
  dirty_ = true;
}

void FakeQuic::adopt(const Settings& of_peer) {
  send_window_ = of_peer.stream_window;
  send_left_ = of_peer.connection_window;
  own_bidi_limit_ = of_peer.bidi_streams;
  own_uni_limit_ = of_peer.uni_streams;
}

void FakeQuic::post(Event event) {
  if (peer_ != nullptr) peer_->inbox_.push_back(std::move(event));
}

void FakeQuic::post_ack(Event event) {
  if (hold_acks) {
    held_.push_back(std::move(event));
  } else {
    post(std::move(event));
  }
}

void FakeQuic::forget(Stream& s) {
  unacked_bytes -= s.written - s.acked;
  s.acked = s.written;
  s.unacked.clear();
}

void FakeQuic::receive(StreamId id, std::span<const std::byte> bytes, bool fin, TimePoint now,
                       bool early) {
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

void FakeQuic::receive_reset(StreamId id, AppError code) {
  if (!alive()) return;
  Stream& s = open_stream(id);
  if (s.closed || s.read_done) return;
  s.read_done = true;
  s.reset_received = code;
  dirty_ = true;
  check(app_->on_reset(id, code));
  maybe_close(id, s);
}

void FakeQuic::receive_stop_sending(StreamId id, AppError code) {
  if (!alive()) return;
  Stream& s = open_stream(id);
  if (s.closed || s.write_done || s.reset_sent || s.stop_received) return;
  s.stop_received = code;
  dirty_ = true;
  if (tells_stop_sending) check(app_->on_stop_sending(id, code));
  if (alive()) send_reset(id, s, code);
}

void FakeQuic::receive_ack(StreamId id, std::uint64_t bytes, bool fin) {
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

void FakeQuic::ack_all() {
  std::vector<StreamId> ids;
  for (auto& [id, s] : streams) ids.push_back(id);
  for (const StreamId id : ids) {
    const Stream& s = streams[id];
    receive_ack(id, s.written - s.acked, s.fin_sent || s.reset_sent.has_value());
  }
}

void FakeQuic::receive_stream_credit(StreamId id, std::uint64_t limit) {
  Stream& s = open_stream(id);
  if (!alive() || s.closed || limit <= s.send_limit) return;
  s.send_limit = limit;
  dirty_ = true;
  check(app_->on_writable(id));
}

void FakeQuic::receive_bidi_streams(std::uint64_t count) {
  own_bidi_limit_ += count;
  if (alive()) app_->on_streams_available();
  dirty_ = true;
}

bool FakeQuic::deliver(TimePoint now) {
  bool moved = false;
  while (!inbox_.empty() && alive()) {
    const Event event = std::move(inbox_.front());
    inbox_.pop_front();
    take(event, now);
    moved = true;
  }
  return moved;
}

void FakeQuic::flush(TimePoint now) {
  if (!alive()) return;
  if (!check(app_->apply(now))) return;
  act();
  write(now);
}

Result<quic::StreamId> FakeQuic::open(std::uint64_t& next, std::uint64_t limit, StreamId kind) {
  if (next == limit) return fail(ErrorCode::unavailable, "no more streams");
  const StreamId id = static_cast<StreamId>(next++ * 4) + kind + (server_ ? 1 : 0);
  open_stream(id);
  return id;
}

FakeQuic::Stream& FakeQuic::open_stream(StreamId id) {
  const auto [it, fresh] = streams.try_emplace(id);
  if (fresh) {
    it->second.send_limit = send_window_;
    it->second.receive_limit = settings_.stream_window;
    const bool beyond = static_cast<std::uint64_t>(id) / 4 >= peer_bidi_limit_;
    if (quic::is_bidi(id) && !own(id) && beyond) broken = true;
    if (!quic::is_bidi(id)) (own(id) ? it->second.read_done : it->second.write_done) = true;
  }
  return it->second;
}

void FakeQuic::end(AppError code) {
  if (closed) return;
  closed = code;
  post({.kind = Event::Kind::close, .number = code});
  app_->abort(code);
}

void FakeQuic::act() {
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

void FakeQuic::send_reset(StreamId id, Stream& s, AppError code) {
  if (s.reset_sent || s.write_done) return;
  s.reset_sent = code;
  post({.kind = Event::Kind::reset, .stream = id, .number = code});
}

void FakeQuic::write(TimePoint now) {
  for (std::size_t sent = 0; alive() && sent < burst && send_left_ > 0;) {
    const auto next = app_->next_write();
    if (!next) return end(app_->close_code());
    if (next->stream == quic::kNoStream) break;
    const auto taken = write_some(*next, now);
    if (taken) sent += *taken;
  }
  if (alive() && closing_) end(*closing_);
}

std::optional<std::size_t> FakeQuic::write_some(const quic::StreamWrite& next, TimePoint now) {
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

void FakeQuic::release(Stream& s, std::uint64_t bytes) {
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

void FakeQuic::maybe_close(StreamId id, Stream& s) {
  if (!alive() || s.closed || !s.read_done || !s.write_done) return;
  for (const Stream::Kept& kept : s.unacked) {
    if (std::memcmp(kept.at, kept.copy.data(), kept.copy.size()) != 0) broken = true;
  }
  forget(s);
  s.closed = true;
  const auto code = s.reset_received ? s.reset_received : s.reset_sent;
  check(app_->on_stream_closed(id, code));
}

void FakeQuic::take(const Event& event, TimePoint now) {
  switch (event.kind) {
    case Event::Kind::data:
      receive(event.stream, std::as_bytes(std::span(event.bytes)), event.fin, now,
              security_.handshaking);
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
      app_->abort(event.number);
      break;
  }
}

}  // namespace troika::test
