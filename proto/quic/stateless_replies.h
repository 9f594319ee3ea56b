#pragma once
#include <ngtcp2/ngtcp2.h>

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "proto/quic/cid.h"
#include "proto/quic/send_buffer.h"

namespace troika::quic {

// At most `limit` events in each second that begins with an event.
class RateLimiter {
 public:
  explicit RateLimiter(std::uint32_t limit) noexcept : limit_(limit) {}

  bool take(TimePoint now) noexcept {
    if (used_ == 0 || now - start_ >= std::chrono::seconds(1)) {
      start_ = now;
      used_ = 0;
    }
    if (used_ >= limit_) return false;
    ++used_;
    return true;
  }

 private:
  std::uint32_t limit_, used_ = 0;
  TimePoint start_{};
};

// Packets that belong to no connection: Version Negotiation, Retry, stateless resets, refusals.
// Each is smaller than the packet that it replies to. A bounded number waits here for the flush.
class StatelessReplies {
 public:
  static constexpr std::size_t kMostWaiting = 256;

  StatelessReplies(const EndpointConfig& config, Random& random, const IdFactory& ids)
      : random_(random),
        ids_(ids),
        resets_(config.resets_per_second),
        versions_(config.version_negotiations_per_second) {}

  // Each returns false if nothing is sent.
  bool version_negotiation(const Datagram& to, const ngtcp2_version_cid& packet, TimePoint now);
  bool stateless_reset(const Datagram& to, std::span<const std::uint8_t> id, TimePoint now);
  bool retry(const Datagram& to, const ngtcp2_pkt_hd& initial, const ngtcp2_cid& scid,
             std::span<const std::uint8_t> token);
  bool refuse(const Datagram& to, const ngtcp2_pkt_hd& initial, std::uint64_t error);

  void flush(SendBuffer& out);  // until the buffer is blocked
  bool empty() const noexcept { return waiting_.empty(); }

 private:
  struct Waiting {
    Address local, remote;
    std::vector<std::byte> bytes;
  };
  bool full() const noexcept { return waiting_.size() >= kMostWaiting; }
  bool add(const Datagram& to, std::span<const std::uint8_t> space, ngtcp2_ssize size);

  Random& random_;
  const IdFactory& ids_;
  RateLimiter resets_, versions_;
  std::vector<Waiting> waiting_;
};

}  // namespace troika::quic
