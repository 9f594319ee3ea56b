#include "runtime/connection.h"

#include <algorithm>
#include <string_view>

#include "ports/transport.h"
#include "proto/h1/server_session.h"
#include "proto/h2/server_session.h"
#include "proto/session/byte_session.h"

namespace troika {
namespace {

// RFC 9113 §3.4: the start of HTTP/2 with prior knowledge.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, std::string alt_svc,
                       Services& services, TimerQueue& timers, ConnectionOwner& owner,
                       Services* plain)
    : transport_(std::move(transport)),
      services_(services),
      plain_(plain),
      owner_(owner),
      out_(services.pool),
      timer_(timers, [this] { on_timer(); }) {
  peer_.alt_svc = std::move(alt_svc);
}

Connection::~Connection() {
  if (session_ != nullptr) session_->abort(AbortReason::peer_gone);
}

void Connection::start() {
  deadline_ = services_.clock.now() + services_.timeouts.handshake;
  timer_.set(deadline_);
  transport_->start(*this);
}

void Connection::on_ready() {
  peer_.remote = transport_->remote();
  peer_.local = transport_->local();
  peer_.security = transport_->security();
  if (peer_.security.encrypted) open_session(peer_.security.alpn == "h2", services_);
}

void Connection::on_handshake_done() {
  peer_.security = transport_->security();
  if (state_ != State::open) return;
  deadline_ = kNever;
  session_->on_handshake_done(services_.clock.now());
  mark_dirty();
}

void Connection::choose_session(std::span<const std::byte> first) {
  first_bytes_.insert(first_bytes_.end(), first.begin(), first.end());
  const std::string_view text(reinterpret_cast<const char*>(first_bytes_.data()),
                              std::min(first_bytes_.size(), kPreface.size()));
  const bool preface = kPreface.starts_with(text);
  if (preface && text.size() < kPreface.size()) return;
  open_session(preface, services_);
  const auto bytes = std::exchange(first_bytes_, {});
  on_bytes(bytes);
}

void Connection::open_session(bool h2, Services& services) {
  session_ =
      h2 ? h2::make_session(services, peer_, *this) : h1::make_session(services, peer_, *this);
  state_ = State::open;
  if (!peer_.security.handshaking) deadline_ = kNever;
  if (draining_) session_->drain();
  mark_dirty();
}

void Connection::on_bytes(std::span<const std::byte> bytes) {
  if (state_ == State::opening) {
    choose_session(bytes);
  } else if (state_ == State::open) {
    // The session reports the error to the peer; the flush sees `finished`.
    std::ignore = session_->receive(bytes, services_.clock.now());
    mark_dirty();
  }
}

void Connection::on_end() {
  ended_ = true;
  if (state_ == State::open) {
    session_->receive_end(services_.clock.now());
    mark_dirty();
  } else if (state_ == State::opening && !first_bytes_.empty()) {
    open_session(false, services_);  // a first request that was cut short
    on_bytes(std::exchange(first_bytes_, {}));
    on_end();
  } else {
    finish();
  }
}

// Responds to one HTTP/1.1 request and then closes.
bool Connection::on_plain_http(std::unique_ptr<ByteStream>& stream,
                               std::span<const std::byte> bytes) {
  if (plain_ == nullptr) return false;
  owner_.on_handshake_failed(transport_->remote(), "a plain HTTP request on a TLS port");
  refused_ = std::exchange(transport_, std::make_unique<PlainTransport>(std::move(stream)));
  peer_.alt_svc.clear();
  transport_->start(*this);
  open_session(false, *plain_);
  on_bytes(bytes);
  drain();
  return true;
}

void Connection::on_closed(Error why) { lose(why.detail); }

bool Connection::flush(TimePoint now) {
  bool more = false;
  if (state_ == State::open) {
    const Pumped pumped = pump(*session_, out_, services_.limits.output_high, *transport_, now);
    if (pumped == Pumped::failed) lose("reset by the peer");
    more = pumped == Pumped::more;
  } else if (state_ != State::done && !transport_->flush()) {
    lose("reset by the peer");
  }
  if (state_ != State::done) settle(now);
  return more && state_ != State::done;
}

// Whether bytes wait for the peer, in any queue; notes when some last moved on.
bool Connection::waits_for_peer(TimePoint now) {
  const bool moved = std::exchange(sent_, transport_->sent()) != transport_->sent();
  const bool waits = state_ == State::open &&
                     (!out_.empty() || transport_->unsent() > 0 || transport_->write_budget() == 0);
  if (moved || !waiting_) moved_at_ = now;
  waiting_ = waits;
  if (moved && session_ != nullptr) session_->on_progress(now);
  return waits;
}

void Connection::settle(TimePoint now) {
  if (state_ == State::open) {
    const Interest interest = session_->interest();
    const bool sent = out_.empty() && transport_->unsent() == 0;
    // A broken connection waits for its last bytes to leave only while the peer reads.
    if (interest.finished && interest.broken && (sent || transport_->write_budget() == 0)) {
      transport_->reset();
      finish();
      return;
    }
    if (interest.finished && sent) {
      linger(now);
    } else {
      transport_->set_reading(interest.wants_read && !interest.finished);
    }
  }
  // set_reading() may have delivered buffered bytes, and with them the end of the connection.
  if (state_ != State::done) arm(now);
}

void Connection::linger(TimePoint now) {
  state_ = State::lingering;
  session_->abort(AbortReason::none);
  session_.reset();
  transport_->shutdown_write();
  deadline_ = now + services_.timeouts.linger;
  transport_->set_reading(true);
  if (ended_) finish();
}

void Connection::drain() {
  draining_ = true;
  if (state_ == State::opening) {
    finish();
  } else if (state_ == State::open) {
    session_->drain();
    mark_dirty();
  }
}

void Connection::abort() {
  if (state_ == State::done) return;
  transport_->reset();
  if (session_ != nullptr) session_->abort(AbortReason::shutdown);
  finish();
}

void Connection::finish() noexcept {
  if (state_ == State::done) return;
  state_ = State::done;
  timer_.cancel();
  if (session_ != nullptr) session_->abort(AbortReason::peer_gone);
  owner_.on_done(*this);
}

// A client that has sent nothing (a port scanner, a browser's spare connection) has not failed.
void Connection::lose(std::string_view why) noexcept {
  if (state_ != State::done && transport_->security().handshaking) {
    owner_.on_handshake_failed(transport_->remote(), why);
  }
  finish();
}

void Connection::on_timer() {
  const TimePoint now = services_.clock.now();
  const bool stuck = waits_for_peer(now) && moved_at_ + services_.timeouts.write_progress <= now;
  if (stuck) transport_->reset();  // a peer that does not read gets no FIN
  if (stuck || deadline_ <= now) return lose("the handshake took too long");
  if (session_ != nullptr) {
    session_->on_deadline(now);
    mark_dirty();
  } else {
    arm(now);
  }
}

void Connection::arm(TimePoint now) {
  TimePoint first = deadline_;
  if (session_ != nullptr) first = std::min(first, session_->deadline());
  if (waits_for_peer(now)) first = std::min(first, moved_at_ + services_.timeouts.write_progress);
  timer_.set(first);
}

}  // namespace troika
