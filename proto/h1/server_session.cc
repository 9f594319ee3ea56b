#include "proto/h1/server_session.h"

#include <algorithm>
#include <utility>

namespace troika::h1 {
namespace {

// Responses in the output queue whose exchanges are not closed yet: the most that a client which
// pipelines and does not read can hold.
constexpr std::size_t kUnsentResponses = 16;

}  // namespace

ServerSession::ServerSession(Services& services, const PeerInfo& peer, SessionHost& host)
    : services_(services),
      peer_(peer),
      host_(host),
      reader_(services.limits, peer.security.encrypted, *this),
      charge_(host.account()),
      idle_since_(services.clock.now()) {}

Status ServerSession::receive(std::span<const std::byte> bytes, TimePoint now) {
  if (buffered_.empty()) bytes = bytes.subspan(consume(bytes, now));
  if (phase_ != Phase::open) return {};  // they will not be parsed
  buffered_.insert(buffered_.end(), bytes.begin(), bytes.end());
  recount();
  return {};
}

void ServerSession::receive_end(TimePoint) {
  peer_ended_ = true;
  mark_dirty();
}

// The body of the request in hand, or the head of the next one.
bool ServerSession::can_read() const noexcept {
  if (phase_ != Phase::open) return false;
  if (current_ == nullptr) {
    return sent_.empty() || (sent_.size() < kUnsentResponses &&
                             host_.account().held() <= services_.limits.connection_memory);
  }
  return current_->reads() && current_->room() > 0;
}

std::size_t ServerSession::consume(std::span<const std::byte> bytes, TimePoint now) {
  std::size_t used = 0;
  while (used < bytes.size() && can_read()) {
    auto rest = bytes.subspan(used);
    if (current_ != nullptr) rest = rest.first(std::min(rest.size(), current_->room()));
    const RequestReader::Progress progress = reader_.read(rest);
    used += progress.consumed;
    if (current_ == nullptr && head_since_ == kNever && reader_.in_head()) head_since_ = now;
    if (!reader_.in_trailers()) {
      trailers_since_ = kNever;
    } else if (trailers_since_ == kNever) {
      trailers_since_ = now;
    }
    act_on(progress.event);
    if (current_ != nullptr) note_last();
  }
  return phase_ == Phase::open ? used : bytes.size();
}

// After a message that ends the connection no request is read.
void ServerSession::note_last() noexcept {
  if (!current_->reads() && !current_->keeps_alive()) reach(Phase::last);
}

void ServerSession::act_on(RequestReader::Event event) {
  using enum RequestReader::Event;
  switch (event) {
    case more: return;
    case head:
    case request:
      head_since_ = kNever;
      current_ = make_stream();
      // RFC 6455 §4.4: the client may try again with the version that we know.
      if (reader_.other_websocket() && services_.snapshot->handler().takes_tunnels()) {
        return current_->reject(reader_.take_request(), 426);
      }
      current_->begin(reader_.take_request(), reader_.fields(), reader_.accept());
      return;
    case body_end: current_->on_end(reader_.take_trailers()); return;
    case fault:
      if (current_ == nullptr) return refuse(reader_.fault());
      reach(Phase::last);
      current_->on_fault(reader_.fault(), AbortReason::protocol_error);
      return;
  }
}

std::unique_ptr<ServerStream> ServerSession::make_stream() {
  SessionHost& host = *this;
  return std::make_unique<ServerStream>(services_, peer_, host);
}

void ServerSession::refuse(std::uint16_t status) {
  reach(Phase::last);
  head_since_ = kNever;
  current_ = make_stream();
  current_->reject(reader_.partial(), status);
}

Status ServerSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  for (bool moved = true; moved && !over();) {
    producing_ = Producing::yes;
    moved = consume_buffered(now);
    if (current_ != nullptr) {
      moved = current_->produce({out, high_watermark, ledger_, now, draining_}) || moved;
      // Input is read and dropped while the response is sent: a client may send its whole body
      // before it reads.
      note_last();
      moved = retire(now) || moved;
    } else if (phase_ == Phase::last || (draining_ && head_since_ == kNever)) {
      reach(Phase::over);
    }
  }
  if (std::exchange(producing_, Producing::no) == Producing::again) host_.mark_dirty();
  return {};
}

// What a stream records is acted on in the next round of produce(), if there is one.
void ServerSession::mark_dirty() noexcept {
  if (producing_ == Producing::no) return host_.mark_dirty();
  producing_ = Producing::again;
}

bool ServerSession::consume_buffered(TimePoint now) {
  const auto bytes = std::span<const std::byte>(buffered_).subspan(buffered_from_);
  const std::size_t used = consume(bytes, now);
  buffered_from_ += used;
  if (phase_ != Phase::open || buffered_from_ == buffered_.size()) {
    buffered_ = {};
    buffered_from_ = 0;
    recount();
    if (peer_ended_ && phase_ == Phase::open) on_input_end();
  }
  return used > 0;
}

// RFC 9112 §9.6: a client may close its side and still receive its responses.
void ServerSession::on_input_end() {
  reach(Phase::last);
  head_since_ = kNever;
  if (current_ == nullptr || !current_->reads()) return;
  if (current_->offers_tunnel()) return current_->on_end({});
  current_->on_fault(0, AbortReason::peer_gone);
}

bool ServerSession::retire(TimePoint now) {
  const bool whole = current_->framed() && !current_->reads() && !current_->reads_on();
  if (!whole && !current_->broken()) return false;
  if (!current_->keeps_alive() || draining_) reach(Phase::last);
  if (current_->broken()) {
    reach(Phase::broken);
    current_->close(AbortReason::none);
  }
  sent_.push_back(std::move(current_));
  on_written(0, now);  // an end without bytes of its own may be reached already
  return true;
}

void ServerSession::close_sent(TimePoint now) noexcept {
  while (!sent_.empty() && (sent_.front()->sent() || sent_.front()->broken())) {
    if (sent_.front()->broken()) ledger_.clear();  // it is the last one
    sent_.front()->close(AbortReason::none);
    sent_.pop_front();
    idle_since_ = now;
  }
}

void ServerSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  ledger_.sent(
      bytes, [](Stream* stream, std::size_t n) { stream->on_sent(n); },
      [](Stream* stream) { stream->on_mark(); });
  close_sent(now);
  if (current_ == nullptr && !buffered_.empty()) mark_dirty();
}

Interest ServerSession::interest() const noexcept {
  // The handshake cannot go on unread, and early data has a limit of its own.
  return {
      .wants_read = !over() && !peer_ended_ && (buffered_.empty() || peer_.security.handshaking),
      .has_output = !over() && (current_ != nullptr ? current_->starved() : !buffered_.empty()),
      .half_closed = current_ != nullptr && current_->half_closed(),
      .finished = over(),
      .broken = phase_ == Phase::broken};
}

TimePoint ServerSession::deadline() const noexcept {
  TimePoint first = own_deadline();
  if (current_ != nullptr) first = std::min(first, current_->deadline());
  for (const auto& stream : sent_) first = std::min(first, stream->deadline());
  return first;
}

TimePoint ServerSession::own_deadline() const noexcept {
  if (over()) return kNever;
  if (current_ != nullptr) {
    const bool comes = trailers_since_ != kNever && can_read();
    return comes ? trailers_since_ + services_.timeouts.header_block : kNever;
  }
  if (head_since_ != kNever) return head_since_ + services_.timeouts.header_block;
  return sent_.empty() ? idle_since_ + services_.timeouts.idle_tcp : kNever;
}

void ServerSession::on_deadline(TimePoint now) {
  if (own_deadline() <= now) {
    if (current_ != nullptr) {
      reach(Phase::last);
      current_->on_fault(408, AbortReason::timeout);
    } else if (head_since_ != kNever) {
      refuse(408);
    } else {
      reach(Phase::over);
    }
  }
  if (current_ != nullptr) {
    current_->on_progress(progress_at_);
    current_->on_deadline(now);
  }
  for (const auto& stream : sent_) {
    stream->on_progress(progress_at_);
    stream->on_deadline(now);
    if (stream->broken()) reach(Phase::broken);
  }
  mark_dirty();
}

void ServerSession::drain() {
  draining_ = true;
  mark_dirty();
  if (current_ == nullptr && head_since_ == kNever && buffered_.empty()) reach(Phase::over);
}

void ServerSession::abort(AbortReason reason) noexcept {
  reach(Phase::over);
  ledger_.clear();
  for (const auto& stream : sent_) stream->close(reason);
  sent_.clear();
  if (current_ != nullptr) current_->close(reason);
  current_.reset();
}

std::unique_ptr<ByteSession> make_session(Services& services, const PeerInfo& peer,
                                          SessionHost& host) {
  return std::make_unique<ServerSession>(services, peer, host);
}

}  // namespace troika::h1
