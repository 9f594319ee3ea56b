#include "ports/transport.h"

#include <algorithm>
#include <array>

namespace troika {

void PlainTransport::start(Transport::Observer& observer) {
  observer_ = &observer;
  stream_->start(*this);
  if (stream_->connected()) be_ready();
}

void PlainTransport::on_connected() {
  observer_->on_connected();
  be_ready();
}

void PlainTransport::be_ready() {
  observer_->on_ready();
  observer_->on_handshake_done();
}

Status PlainTransport::write(OutputQueue& queue, TimePoint) {
  std::size_t left = write_budget();
  while (writable_ && left > 0 && !queue.empty()) {
    std::array<iovec, 16> vectors{};
    std::size_t count = queue.gather(vectors);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i].iov_len = std::min(vectors[i].iov_len, left - offered);
      offered += vectors[i].iov_len;
      if (offered == left) count = i + 1;
    }
    const auto taken = stream_->write_some(std::span(vectors).first(count));
    if (!taken) return std::unexpected(taken.error());
    queue.consume(*taken);
    sent_ += *taken;
    left -= *taken;
    if (*taken < offered) writable_ = false;
  }
  return {};
}

void PlainTransport::on_writable() {
  writable_ = true;
  observer_->on_writable();
}

}  // namespace troika
