#pragma once
#include <ngtcp2/ngtcp2.h>

#include <vector>

#include "base/random.h"
#include "proto/quic/cid.h"
#include "proto/quic/rates.h"
#include "proto/quic/send_buffer.h"

namespace troika::quic {

// What is sent for no connection: Version Negotiation, Retry, stateless resets, refusals. Each is
// smaller than what it answers, and they wait here for the flush, in bounded number.
class Answers {
 public:
  static constexpr std::size_t kMostWaiting = 256;

  Answers(const EndpointConfig& config, Random& random, const IdFactory& ids)
      : random_(random),
        ids_(ids),
        resets_(config.resets_per_second),
        versions_(config.version_negotiations_per_second) {}

  // Each is false if nothing will be sent.
  bool version_negotiation(const Datagram& to, const ngtcp2_version_cid& packet, TimePoint now);
  bool stateless_reset(const Datagram& to, std::span<const std::uint8_t> id, TimePoint now);
  bool retry(const Datagram& to, const ngtcp2_pkt_hd& initial, const ngtcp2_cid& scid,
             std::span<const std::uint8_t> token);
  bool refuse(const Datagram& to, const ngtcp2_pkt_hd& initial, std::uint64_t error);

  void flush(SendBuffer& out);  // until it is blocked
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
  PerSecond resets_, versions_;
  std::vector<Waiting> waiting_;
};

}  // namespace troika::quic
