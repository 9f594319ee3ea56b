#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "ports/address.h"

namespace troika {

// RFC 3168 code points, as in the IP header.
enum class Ecn : std::uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

// One UDP datagram, or several of one size in a row (GRO, GSO): segment_bytes is the size of each
// except the last, which may be shorter. segment_bytes == 0 or >= bytes.size(): just one.
struct Datagram {
  Address local, remote;
  Ecn ecn = Ecn::not_ect;
  std::span<const std::byte> bytes;
  std::size_t segment_bytes = 0;
};

enum class SendOutcome : std::uint8_t {
  sent,     // or lost: for QUIC that is the same
  blocked,  // nothing was sent; the sink tells when to retry
};

class DatagramSink {
 public:
  virtual SendOutcome send(const Datagram& datagram) = 0;

 protected:
  ~DatagramSink() = default;
};

}  // namespace troika
