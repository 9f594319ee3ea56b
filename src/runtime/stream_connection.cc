#include "runtime/stream_connection.h"

#include <algorithm>
#include <utility>

namespace troika {
namespace {

constexpr Error kReset{ErrorCode::closed, "reset by the peer"};

constexpr TimePoint after(TimePoint from, Duration time) noexcept {
  return from == kNever || time == kUnlimited ? kNever : from + time;
}

}  // namespace

StreamConnection::StreamConnection(std::unique_ptr<Transport> transport, const StreamTimes& times,
                                   std::size_t output_high, BufferPool& pool, TimerQueue& timers,
                                   const Clock& clock, StreamConnectionOwner& owner, Account* above)
    : account_(above),
      transport_(std::move(transport)),
      times_(times),
      output_high_(output_high),
      clock_(clock),
      owner_(owner),
      out_(pool),
      timer_(timers, [this] { on_timer(); }) {
  transport_->charge_to(account_);
}

StreamConnection::~StreamConnection() {
  const bool live = std::exchange(state_, StreamState::closed) != StreamState::closed;
  if (live && session_ != nullptr) session_->abort(AbortReason::peer_gone);
}

void StreamConnection::start() {
  progress_at_ = clock_.now();
  deadline_ = after(progress_at_, times_.opening);
  timer_.set(deadline_);
  if (transport_->connected()) on_connected();
  transport_->start(*this);
}

void StreamConnection::on_connected() {
  if (state_ != StreamState::connecting) return;
  state_ = StreamState::handshaking;
  deadline_ = std::min(deadline_, after(clock_.now(), times_.handshake));
  timer_.set(deadline_);
}

void StreamConnection::on_ready() {
  if (state_ != StreamState::handshaking) return;
  if (auto session = owner_.make_session(*this, {}, false)) open(std::move(session));
}

void StreamConnection::on_handshake_done() {
  owner_.on_handshake_done();
  if (!has_session()) return;
  if (state_ == StreamState::open) deadline_ = kNever;
  session_->on_handshake_done(clock_.now());
  mark_dirty();
}

void StreamConnection::choose_session(std::span<const std::byte> more) {
  first_.insert(first_.end(), more.begin(), more.end());
  auto session = owner_.make_session(*this, first_, false);
  if (session == nullptr) return;
  open(std::move(session));
  on_bytes(std::exchange(first_, {}));
}

void StreamConnection::open(std::unique_ptr<ByteSession> session) {
  session_ = std::move(session);
  state_ = StreamState::open;
  if (!transport_->security().handshaking) deadline_ = kNever;
  mark_dirty();
}

void StreamConnection::on_bytes(std::span<const std::byte> bytes) {
  if (state_ == StreamState::handshaking) return choose_session(bytes);
  if (!has_session()) return;
  const TimePoint now = progress_at_ = clock_.now();
  // The session reports the error to the peer; the flush sees `finished`.
  if (const auto received = session_->receive(bytes, now); !received && !fault_) {
    fault_ = received.error();
  }
  if (state_ == StreamState::unwritable) deadline_ = after(now, times_.last_input);
  mark_dirty();
}

void StreamConnection::on_end() {
  ended_ = true;
  const TimePoint now = clock_.now();
  if (has_session()) {
    session_->receive_end(now);
    if (state_ == StreamState::unwritable) deadline_ = after(now, times_.last_output);
    mark_dirty();
  } else if (state_ == StreamState::handshaking && !first_.empty()) {
    open(owner_.make_session(*this, first_, true));  // a first request that was cut short
    on_bytes(std::exchange(first_, {}));
    on_end();
  } else {
    close(AbortReason::peer_gone, {});
  }
}

bool StreamConnection::on_plain_http(std::unique_ptr<ByteStream>& stream,
                                     std::span<const std::byte> bytes) {
  auto session = owner_.make_plain_session(*this);
  if (session == nullptr) return false;
  refused_ = std::exchange(transport_, std::make_unique<PlainTransport>(std::move(stream)));
  transport_->start(*this);
  open(std::move(session));
  on_bytes(bytes);
  drain();
  return true;
}

// After the peer's FIN, what it sent is whole: the session may not have used all of it yet.
void StreamConnection::on_closed(Error why) {
  if (!has_session() || !ended_) return close(AbortReason::peer_gone, why);
  if (state_ == StreamState::open) stop_writing(clock_.now());
  mark_dirty();
}

bool StreamConnection::flush(TimePoint now) {
  bool more = false;
  switch (state_) {
    // When this fails, the peer may have sent an alert that says why: on_closed will tell.
    case StreamState::connecting:
    case StreamState::handshaking: std::ignore = transport_->flush(); break;
    case StreamState::open: more = write(now); break;
    case StreamState::shut:
    case StreamState::unwritable: use_input(now); break;
    case StreamState::lingering:
      if (!transport_->flush()) close(AbortReason::peer_gone, kReset);
      break;
    case StreamState::closed: break;
  }
  charge_.set(out_.size());
  if (state_ != StreamState::closed) settle(now);
  return more && state_ != StreamState::closed;
}

bool StreamConnection::write(TimePoint now) {
  switch (pump(*session_, out_, output_high_, *transport_, now)) {
    case Pumped::all: return false;
    case Pumped::more: return true;
    case Pumped::unwritable: stop_writing(now); return false;
    case Pumped::failed: close(AbortReason::peer_gone, kReset); return false;
  }
  std::unreachable();
}

void StreamConnection::stop_writing(TimePoint now) {
  state_ = StreamState::unwritable;
  out_.clear();
  deadline_ = after(now, ended_ ? times_.last_output : times_.last_input);
}

void StreamConnection::use_input(TimePoint now) {
  if (!session_->produce(out_, 0, now)) close(AbortReason::peer_gone, kReset);
  out_.clear();
}

void StreamConnection::settle(TimePoint now) {
  if (has_session()) {
    const Interest interest = session_->interest();
    const bool sent = out_.empty() && transport_->unsent() == 0;
    if (state_ == StreamState::unwritable) {
      const bool over = interest.finished || (ended_ && deadline_ <= now);
      if (over) return close(AbortReason::peer_gone, kReset);
    } else if (interest.finished && interest.broken && (sent || transport_->write_budget() == 0)) {
      // A broken connection waits for its last bytes to leave only while the peer reads.
      transport_->reset();
      return close(AbortReason::peer_gone, {});
    } else if (interest.finished && interest.broken && times_.write_progress == kUnlimited) {
      deadline_ = std::min(deadline_, after(now, times_.last_input));
    } else if (interest.finished && sent) {
      return linger(now);
    } else if (interest.half_closed && sent && state_ == StreamState::open) {
      transport_->shutdown_write();
      state_ = StreamState::shut;
    }
    transport_->set_reading(interest.wants_read && !interest.finished);
  }
  // set_reading() may have delivered buffered bytes, and with them the end of the connection.
  if (state_ != StreamState::closed) arm(now);
}

void StreamConnection::linger(TimePoint now) {
  if (state_ != StreamState::shut) transport_->shutdown_write();
  if (ended_ || times_.linger == Duration::zero()) return close(AbortReason::none, {});
  state_ = StreamState::lingering;
  session_->abort(AbortReason::none);
  session_.reset();
  deadline_ = after(now, times_.linger);
  transport_->set_reading(true);
  if (state_ != StreamState::closed) arm(now);
}

void StreamConnection::drain() {
  if (has_session()) {
    session_->drain();
    mark_dirty();
  } else if (state_ != StreamState::lingering) {
    close(AbortReason::shutdown, {});
  }
}

void StreamConnection::abort(AbortReason reason) {
  if (state_ == StreamState::closed) return;
  transport_->reset();
  close(reason, {});
}

bool StreamConnection::idle() const noexcept {
  if (state_ == StreamState::lingering) return true;
  return state_ == StreamState::open && session_->at_rest() && out_.empty() &&
         transport_->unsent() == 0;
}

void StreamConnection::give_way(TimePoint now) {
  if (has_session()) {
    session_->drain();
    flush(now);
  }
  if (state_ == StreamState::open) transport_->shutdown_write();
  close(AbortReason::shutdown, {});
}

void StreamConnection::close(AbortReason reason, const std::optional<Error>& lost) noexcept {
  if (state_ == StreamState::closed) return;
  const bool early = has_session() && transport_->security().handshaking;
  const StreamState at = early ? StreamState::handshaking : state_;
  state_ = StreamState::closed;
  timer_.cancel();
  out_.clear();
  if (session_ != nullptr) session_->abort(reason);
  owner_.on_closed(at, lost);
}

void StreamConnection::on_timer() {
  const TimePoint now = clock_.now();
  const bool stuck = stuck_at(now) <= now;
  if (stuck || deadline_ <= now) return close_late(stuck);
  if (has_session()) {
    session_->on_deadline(now);
    mark_dirty();
  } else {
    arm(now);
  }
}

void StreamConnection::close_late(bool stuck) {
  // A peer that does not read gets no FIN, and a transport that connects later does not begin.
  if (stuck || state_ == StreamState::connecting) transport_->reset();
  Error why{ErrorCode::timeout, "the peer reads nothing"};
  if (state_ == StreamState::connecting) {
    why.detail = "connecting took too long";
  } else if (state_ == StreamState::handshaking || transport_->security().handshaking) {
    why.detail = "the handshake took too long";
  } else if (state_ == StreamState::unwritable) {
    why = kReset;
  }
  close(AbortReason::peer_gone, why);
}

// When the peer has taken none of the bytes that wait for it, in any queue, or too few of them, for
// too long.
TimePoint StreamConnection::stuck_at(TimePoint now) {
  const std::uint64_t moved = transport_->sent() - sent_;
  sent_ += moved;
  if (moved > 0) progress_at_ = now;
  const bool waited = std::exchange(
      waits_, state_ == StreamState::open &&
                  (!out_.empty() || transport_->unsent() > 0 || transport_->write_budget() == 0));
  if (waited) {
    pace_.moved(moved, now);
  } else if (waits_) {
    pace_.restart(now);
  }
  if (moved > 0 && has_session()) session_->on_progress(now);
  const bool limited = waits_ && times_.write_progress != kUnlimited;
  return limited ? pace_.due(times_.write_progress) : kNever;
}

void StreamConnection::arm(TimePoint now) {
  TimePoint first = std::min(deadline_, stuck_at(now));
  if (has_session()) first = std::min(first, session_->deadline());
  // Moving it to a later time waits until it fires: nearly every flush would move it.
  if (first < timer_.deadline()) timer_.set(first);
}

}  // namespace troika
