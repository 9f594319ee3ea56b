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
      idle_since_(services.clock.now()) {}

Status ServerSession::receive(std::span<const std::byte> bytes, TimePoint now) {
  if (buffered_.empty()) bytes = bytes.subspan(consume(bytes, now));
  if (last_ || over_) return {};  // they will not be parsed
  buffered_.insert(buffered_.end(), bytes.begin(), bytes.end());
  return {};
}

void ServerSession::receive_end(TimePoint) {
  peer_ended_ = true;
  host_.mark_dirty();
}

// The body of the request in hand, or the head of the next one.
bool ServerSession::can_read() const noexcept {
  if (last_ || over_) return false;
  if (current_ == nullptr) return sent_.size() < kUnsentResponses;
  return !current_->request_over() && current_->window() > 0;
}

std::size_t ServerSession::consume(std::span<const std::byte> bytes, TimePoint now) {
  std::size_t used = 0;
  while (used < bytes.size() && can_read()) {
    auto rest = bytes.subspan(used);
    if (current_ != nullptr) rest = rest.first(std::min(rest.size(), current_->window()));
    const RequestReader::Progress progress = reader_.read(rest);
    used += progress.consumed;
    if (current_ == nullptr && head_since_ == kNever && reader_.in_head()) head_since_ = now;
    act_on(progress.event);
    if (current_ != nullptr && current_->request_over() && !current_->keeps_alive()) last_ = true;
  }
  return last_ ? bytes.size() : used;
}

void ServerSession::act_on(RequestReader::Event event) {
  using enum RequestReader::Event;
  switch (event) {
    case more: return;
    case head:
    case request:
      head_since_ = kNever;
      current_ = std::make_unique<ServerStream>(services_, peer_, host_);
      current_->begin(reader_.take_request(), reader_.fields());
      return;
    case body_end: current_->on_body_end(reader_.take_trailers()); return;
    case fault:
      if (current_ == nullptr) return refuse(reader_.fault());
      last_ = true;
      current_->on_body_fault(reader_.fault(), AbortReason::protocol_error);
      return;
  }
}

void ServerSession::refuse(std::uint16_t status) {
  last_ = true;
  head_since_ = kNever;
  current_ = std::make_unique<ServerStream>(services_, peer_, host_);
  current_->reject(reader_.partial(), status);
}

Status ServerSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  for (bool moved = true; moved && !over_;) {
    moved = consume_buffered(now);
    if (current_ != nullptr) {
      moved = current_->produce({out, high_watermark, ledger_}, draining_, now) || moved;
      // Input is read and dropped while the response is sent: a client may send its whole body
      // before it reads.
      if (current_->request_over() && !current_->keeps_alive()) last_ = true;
      moved = retire(now) || moved;
    } else if (last_ || (draining_ && head_since_ == kNever)) {
      over_ = true;
    }
  }
  return {};
}

bool ServerSession::consume_buffered(TimePoint now) {
  const auto bytes = std::span<const std::byte>(buffered_).subspan(buffered_from_);
  const std::size_t used = consume(bytes, now);
  buffered_from_ += used;
  if (last_ || buffered_from_ == buffered_.size()) {
    buffered_ = {};
    buffered_from_ = 0;
    if (peer_ended_ && !last_) on_input_end();
  }
  return used > 0;
}

// RFC 9112 §9.6: a client may close its side and still receive its responses.
void ServerSession::on_input_end() {
  last_ = true;
  head_since_ = kNever;
  if (current_ != nullptr && !current_->request_over()) {
    current_->on_body_fault(0, AbortReason::peer_gone);
  }
}

bool ServerSession::retire(TimePoint now) {
  if (!current_->response_over() || !current_->request_over()) return false;
  if (!current_->keeps_alive() || draining_) last_ = true;
  if (current_->broken()) {
    over_ = broken_ = true;
    current_->close(AbortReason::none);
  }
  sent_.push_back(std::move(current_));
  on_written(0, now);  // an end without bytes of its own may be reached already
  return true;
}

void ServerSession::close_sent(TimePoint now) noexcept {
  while (!sent_.empty() && (sent_.front()->all_sent() || sent_.front()->broken())) {
    if (sent_.front()->broken()) ledger_.clear();  // it is the last one
    sent_.front()->close(AbortReason::none);
    sent_.pop_front();
    idle_since_ = now;
  }
}

void ServerSession::on_written(std::size_t bytes, TimePoint now) noexcept {
  ledger_.sent(
      bytes, [](ServerStream* stream, std::size_t n) { stream->on_sent(n); },
      [](ServerStream* stream) { stream->on_all_sent(); });
  close_sent(now);
  if (current_ == nullptr && !buffered_.empty()) host_.mark_dirty();
}

Interest ServerSession::interest() const noexcept {
  // The handshake cannot go on unread, and early data has a limit of its own.
  return {.wants_read = !over_ && !peer_ended_ && (buffered_.empty() || peer_.security.handshaking),
          .has_output = !over_ && (current_ != nullptr ? current_->starved() : !buffered_.empty()),
          .finished = over_,
          .broken = broken_};
}

TimePoint ServerSession::deadline() const noexcept {
  TimePoint first = own_deadline();
  if (current_ != nullptr) first = std::min(first, current_->deadline());
  for (const auto& stream : sent_) first = std::min(first, stream->deadline());
  return first;
}

TimePoint ServerSession::own_deadline() const noexcept {
  if (over_ || current_ != nullptr) return kNever;
  if (head_since_ != kNever) return head_since_ + services_.timeouts.header_block;
  return sent_.empty() ? idle_since_ + services_.timeouts.idle_tcp : kNever;
}

void ServerSession::on_deadline(TimePoint now) {
  if (own_deadline() <= now) {
    if (head_since_ != kNever) {
      refuse(408);
    } else {
      over_ = true;
    }
  }
  if (current_ != nullptr) {
    current_->on_progress(progress_at_);
    current_->on_deadline(now);
  }
  for (const auto& stream : sent_) {
    stream->on_progress(progress_at_);
    stream->on_deadline(now);
    if (stream->was_reset()) over_ = broken_ = true;
  }
  host_.mark_dirty();
}

void ServerSession::drain() {
  draining_ = true;
  host_.mark_dirty();
  if (current_ == nullptr && head_since_ == kNever && buffered_.empty()) over_ = true;
}

void ServerSession::abort(AbortReason reason) noexcept {
  over_ = true;
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
