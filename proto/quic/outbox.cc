#include "proto/quic/outbox.h"

namespace troika::quic {
namespace {

std::uint64_t segments_of(const Datagram& datagram) noexcept {
  const std::size_t each = datagram.segment_bytes;
  return each == 0 ? 1 : (datagram.bytes.size() + each - 1) / each;
}

}  // namespace

void Outbox::send(const Datagram& datagram) {
  if (sink_.send(datagram) == SendOutcome::blocked) {
    unsent_ = datagram;
    return;
  }
  ++sends_;
  packets_ += segments_of(datagram);
}

void Outbox::resend() {
  if (!unsent_) return;
  const Datagram datagram = *unsent_;
  unsent_.reset();
  send(datagram);
}

}  // namespace troika::quic
