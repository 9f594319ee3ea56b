#pragma once
// What the workers of a group have counted of QUIC.
#include <numeric>

#include "support/live_client.h"
#include "support/live_group.h"

namespace troika::test {

inline std::uint64_t accepted(Worker& worker) { return worker.quic().accepted; }
inline std::uint64_t forwarded(Worker& worker) { return worker.quic().forwarded; }
inline std::uint64_t refused(Worker& worker) { return worker.quic().refused; }
inline std::uint64_t resets(Worker& worker) { return worker.quic().resets_sent; }
inline std::uint64_t retries(Worker& worker) { return worker.quic().retries_sent; }
inline std::uint64_t validated(Worker& worker) { return worker.quic().paths_validated; }

inline std::uint64_t sum(LiveGroup& group, std::uint64_t (*of)(Worker&)) {
  const auto all = group.each(of);
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0});
}

}  // namespace troika::test
