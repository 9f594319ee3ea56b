#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ports/datagram.h"

namespace troika::quic {

// Calls `each` with every datagram of a GRO buffer; an empty one counts as one, too.
template <class Each>
void for_each_segment(const Datagram& datagram, Each each) {
  std::span<const std::byte> rest = datagram.bytes;
  const std::size_t size = datagram.segment_bytes == 0 ? rest.size() : datagram.segment_bytes;
  do {
    Datagram packet = datagram;
    packet.bytes = rest.first(std::min(size, rest.size()));
    packet.segment_bytes = 0;
    rest = rest.subspan(packet.bytes.size());
    each(packet);
  } while (!rest.empty());
}

// The way out: one buffer that packets are written into, and at most one datagram that the sink
// refused. Such a datagram is encrypted and accounted for already, so it keeps the buffer until it
// is gone; nobody may write meanwhile.
class Outbox {
 public:
  static constexpr std::size_t kMostBytes = 65507;  // what fits a UDP datagram over IPv4
  static constexpr std::size_t kMostSegments = 64;  // what the kernel takes in one UDP_SEGMENT send

  Outbox(DatagramSink& sink, std::size_t bytes)
      : sink_(sink), memory_(std::make_unique<std::byte[]>(bytes)), bytes_(bytes) {}

  bool blocked() const noexcept { return unsent_.has_value(); }
  std::span<std::byte> buffer() noexcept { return {memory_.get(), bytes_}; }

  // `datagram.bytes` must lie in buffer(); not while blocked().
  void send(const Datagram& datagram);
  void resend();  // what was refused; nothing if there is none

  std::uint64_t packets() const noexcept { return packets_; }
  std::uint64_t sends() const noexcept { return sends_; }

 private:
  DatagramSink& sink_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_;
  std::optional<Datagram> unsent_;
  std::uint64_t packets_ = 0, sends_ = 0;
};

}  // namespace troika::quic
