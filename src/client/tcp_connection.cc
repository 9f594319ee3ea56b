#include "client/tcp_connection.h"

#include "proto/h1/session.h"
#include "proto/h2/session.h"
#include "proto/session/byte_session.h"
#include "tls/tickets/resumption.h"

namespace troika::client {

TcpConnection::TcpConnection(std::unique_ptr<Transport> transport, const SSL* ssl,
                             bool h2_without_tls, BufferPool& pool, const Limits& limits,
                             TimerQueue& timers, const Clock& clock)
    : transport_(std::move(transport)),
      ssl_(ssl),
      pool_(pool),
      limits_(limits),
      clock_(clock),
      out_(pool),
      timer_(timers,
             [this] {
               if (ready()) session_->on_deadline(clock_.now());
             }),
      h2_without_tls_(h2_without_tls) {
  transport_->start(*this);
}

TcpConnection::~TcpConnection() {
  if (!closed_ && session_ != nullptr) session_->abort(AbortReason::peer_gone);
}

void TcpConnection::on_ready() {
  const bool h2 =
      transport_->security().encrypted ? transport_->security().alpn == "h2" : h2_without_tls_;
  session_ = h2 ? h2::make_client_session(pool_, limits_, *this)
                : h1::make_client_session(pool_, limits_, *this);
}

void TcpConnection::on_bytes(std::span<const std::byte> bytes) {
  if (closed_) return;
  if (const auto received = session_->receive(bytes, clock_.now()); !received) {
    reason_ = received.error();
  }
  dirty_ = true;
}

void TcpConnection::on_end() {
  if (!closed_ && session_ != nullptr) session_->receive_end(clock_.now());
}

std::vector<std::byte> TcpConnection::resumption() const {
  if (ssl_ == nullptr) return {};
  const auto bytes = tls::resumption_of(ssl_);
  return {bytes.begin(), bytes.end()};
}

void TcpConnection::close() {
  if (closed_) return;
  transport_->reset();
  lose({ErrorCode::closed, "closed by us"});
}

void TcpConnection::lose(Error why) {
  if (std::exchange(closed_, true)) return;
  if (reason_.detail.empty()) reason_ = why;
  timer_.cancel();
  if (session_ != nullptr) session_->abort(AbortReason::peer_gone);
}

bool TcpConnection::flush(TimePoint now) {
  if (closed_) return false;
  dirty_ = false;
  if (session_ == nullptr) {
    if (!transport_->flush()) lose({ErrorCode::closed, "connection lost"});
    return false;
  }
  const Pumped pumped = pump(*session_, out_, limits_.output_high, *transport_, now);
  if (pumped == Pumped::failed) {
    lose({ErrorCode::closed, "connection lost"});
    return false;
  }
  const Interest interest = session_->interest();
  if (interest.finished && out_.empty() && transport_->unsent() == 0) {
    transport_->shutdown_write();
    lose({ErrorCode::closed, "ended"});
    return false;
  }
  transport_->set_reading(interest.wants_read);  // may bring what the transport had kept
  timer_.set(closed_ ? kNever : session_->deadline());
  return pumped == Pumped::more || dirty_;
}

}  // namespace troika::client
