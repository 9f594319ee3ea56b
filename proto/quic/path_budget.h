#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "net/address.h"

namespace troika::quic {

// What a server may still send to an address that its client has moved to and that is not validated
// yet (RFC 9000 §9.3). ngtcp2 keeps to the limit by itself. But when it is asked for a packet and
// may send none, it stops its timer of lost packets for good: the next packets of the client would
// have to start it again (RFC 9002 §6.2.2.1), which those do not that acknowledge nothing new, and
// while the congestion window is full of what was lost, not even the challenge goes out that would
// validate the address. So it is asked only while it may send.
class PathBudget {
 public:
  // The path of the handshake, and each that was validated since.
  void validated(const Address& remote) noexcept {
    const auto known = std::ranges::find(validated_, remote);
    const auto at = known == validated_.end() ? validated_.end() - 1 : known;
    std::rotate(validated_.begin(), at, at + 1);
    validated_.front() = remote;
    if (remote == remote_) limited_ = false;
  }
  // `current` is where ngtcp2 sends to after it has read a packet from `from`.
  void received(const Address& current, const Address& from, std::size_t bytes) noexcept {
    if (current != remote_) {
      remote_ = current;
      left_ = 0;
      limited_ = std::ranges::find(validated_, current) == validated_.end();
      if (!limited_) validated(current);
    }
    if (from == remote_) left_ += 3 * bytes;
  }
  void sent(const Address& to, std::size_t bytes) noexcept {
    if (to == remote_) left_ -= std::min<std::uint64_t>(left_, bytes);
  }
  bool exhausted() const noexcept { return limited_ && left_ == 0; }

 private:
  Address remote_;
  std::uint64_t left_ = 0;
  bool limited_ = false;
  // The latest first. ngtcp2 goes back to each of the last four without validating it again.
  std::array<Address, 8> validated_{};
};

}  // namespace troika::quic
