#include "runtime/handshake_notices.h"

#include "base/text.h"

namespace troika {

HandshakeNotices::HandshakeNotices(std::uint32_t most, const Clock& clock, TimerQueue& timers,
                                   Say say)
    : most_(most), clock_(clock), say_(std::move(say)), second_(timers, [this] { end_second(); }) {}

HandshakeNotices::~HandshakeNotices() { end_second(); }

void HandshakeNotices::failed(std::string_view protocol, const Address& client,
                              std::string_view why) {
  if (said_ == 0 && unsaid_ == 0) second_.set(clock_.now() + std::chrono::seconds(1));
  if (said_ == most_) {
    ++unsaid_;
    return;
  }
  ++said_;
  say_(formatted("the {} handshake of {} failed: {}", protocol, client.ip(), why));
}

void HandshakeNotices::end_second() {
  if (unsaid_ > 0) say_(formatted("{} more handshakes failed within a second", unsaid_));
  said_ = 0;
  unsaid_ = 0;
}

}  // namespace troika
