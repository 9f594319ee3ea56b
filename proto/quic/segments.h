#pragma once
#include <algorithm>

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

}  // namespace troika::quic
