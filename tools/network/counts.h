#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "tools/network/path.h"

namespace troika::network {

// Of one direction.
struct Counts {
  // Each received datagram or packet counts in one of these, except those that still wait at the
  // end.
  std::uint64_t received = 0, sent = 0;
  std::uint64_t numbered = 0, black_holed = 0, too_big = 0, lost = 0, queue_full = 0;
  std::uint64_t overflow = 0;  // limits of the program or the kernel
  // What was done to those that passed. A second copy counts only here.
  std::uint64_t delayed = 0, reordered = 0, duplicated = 0, corrupted = 0, marked = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t dropped() const noexcept {
    return numbered + black_holed + too_big + lost + queue_full + overflow;
  }
};

// What has become of a received one, but for `sent` and `marked`. `overflow`: it passed the path,
// but there was no room for it.
void count(Counts& counts, const Verdict& verdict, TimePoint now, bool overflow) noexcept;

// A line for each count that is not zero, in two columns, with `what` above.
std::string table(std::string_view what, const Counts& up, const Counts& down);

}  // namespace troika::network
