#pragma once
#include <cstdint>
#include <string>

namespace troika::relay {

struct Counts {
  // Each received datagram counts in one of these, except those that still wait at the end.
  std::uint64_t received = 0, sent = 0;
  std::uint64_t numbered = 0, black_holed = 0, too_big = 0, lost = 0, queue_full = 0;
  std::uint64_t overflow = 0;  // limits of the relay or the kernel
  // What was done to datagrams that passed. A second copy counts only here.
  std::uint64_t delayed = 0, reordered = 0, duplicated = 0, corrupted = 0, marked = 0;
  std::uint64_t dropped() const noexcept {
    return numbered + black_holed + too_big + lost + queue_full + overflow;
  }
};

struct Summary {
  Counts up, down;
  std::uint64_t clients = 0, refused = 0;  // accepted clients; datagrams of other clients
  std::uint64_t foreign = 0;               // datagrams to clients that are not from the server
  std::uint64_t port_changes = 0, address_changes = 0, failed_changes = 0;
};

std::string text_of(const Summary& summary);

}  // namespace troika::relay
