#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ports/datagram.h"

namespace troika::quic {

// Calls `each` with every datagram of a GRO buffer. An empty buffer counts as one datagram.
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

// The buffer that packets are written into before they are sent. A datagram that the sink refuses
// is already encrypted and counted as sent: it stays in the buffer until the sink takes it, and
// nothing may be written in the meantime.
class SendBuffer {
 public:
  static constexpr std::size_t kMostBytes = 65507;  // the largest UDP payload over IPv4
  static constexpr std::size_t kMostSegments = 64;  // of one send with UDP_SEGMENT

  SendBuffer(DatagramSink& sink, std::size_t bytes)
      : sink_(sink), memory_(std::make_unique<std::byte[]>(bytes)), bytes_(bytes) {}

  bool blocked() const noexcept { return unsent_.has_value(); }
  std::span<std::byte> space() noexcept { return {memory_.get(), bytes_}; }

  // `datagram.bytes` must lie in space(). Must not be called while blocked().
  void send(const Datagram& datagram) {
    if (sink_.send(datagram) == SendOutcome::blocked) {
      unsent_ = datagram;
      return;
    }
    ++sends_;
    packets_ += segments_of(datagram);
  }
  // Copies the bytes into space() first.
  void send_copy(Datagram datagram) {
    const std::span into = space().first(datagram.bytes.size());
    std::ranges::copy(datagram.bytes, into.begin());
    datagram.bytes = into;
    send(datagram);
  }
  // Sends the datagram that was refused, if there is one.
  void resend() {
    if (!unsent_) return;
    const Datagram datagram = *unsent_;
    unsent_.reset();
    send(datagram);
  }

  std::uint64_t packets() const noexcept { return packets_; }
  std::uint64_t sends() const noexcept { return sends_; }

 private:
  static std::uint64_t segments_of(const Datagram& datagram) noexcept {
    const std::size_t each = datagram.segment_bytes;
    return each == 0 ? 1 : (datagram.bytes.size() + each - 1) / each;
  }

  DatagramSink& sink_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_;
  std::optional<Datagram> unsent_;
  std::uint64_t packets_ = 0, sends_ = 0;
};

}  // namespace troika::quic
