#pragma once
#include <cstdint>
#include <string>

namespace troika::relay {

struct Counts {
  // Each datagram received is in one of these, besides those that still wait at the end.
  std::uint64_t received = 0, sent = 0;
  std::uint64_t numbered = 0, black_holed = 0, too_big = 0, lost = 0, queue_full = 0;
  std::uint64_t overflow = 0;  // the relay's own limits, or the kernel's
  // What was done to those that passed. A second copy counts here, and nowhere above.
  std::uint64_t delayed = 0, reordered = 0, duplicated = 0, corrupted = 0, marked = 0;
  std::uint64_t dropped() const noexcept {
    return numbered + black_holed + too_big + lost + queue_full + overflow;
  }
};

struct Summary {
  Counts up, down;
  std::uint64_t clients = 0, refused = 0;  // clients taken; datagrams of those who were not
  std::uint64_t foreign = 0;               // datagrams from others than the server
  std::uint64_t port_changes = 0, address_changes = 0, failed_changes = 0;
};

std::string text_of(const Summary& summary);

}  // namespace troika::relay
