#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace troika::bench {

// How long things took, in buckets whose width grows with the value: 128 for each power of two, so
// that a quantile is off by less than 1 %. The memory is the same for any number of values.
class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  void add(Duration value) noexcept;  // below 0: 0
  void add(const Histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  // 0 without values; min and max are exact, and so is the mean.
  Duration min() const noexcept { return count_ == 0 ? Duration::zero() : min_; }
  Duration max() const noexcept { return max_; }
  Duration mean() const noexcept;
  // The value that so many of a thousand thousand are not above: 990'000 is the 99th percentile.
  Duration quantile(std::uint64_t millionths) const noexcept;

 private:
  static constexpr unsigned kBits = 7;
  static constexpr std::size_t kEach = 1U << kBits;
  static constexpr std::size_t kBuckets = (64 - kBits + 1) * kEach;

  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::uint64_t middle_of(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> counts_;  // always kBuckets of them
  std::uint64_t count_ = 0;
  double sum_ = 0;  // ns
  Duration min_ = Duration::max(), max_{};
};

// Why there is no response, or no good one.
enum class Trouble : std::uint8_t {
  connect,  // TCP, or the server's first QUIC datagram
  tls,
  timeout,  // of a request that was sent
  reset,    // the server, or the network, ended the connection or the stream
  status,   // 4xx or 5xx: a response that is counted as one, too
  other
};
inline constexpr std::array<std::string_view, 6> kTroubleNames{"connect", "tls",    "timeout",
                                                               "reset",   "status", "other"};

// What a run, or a thread of it, has measured.
struct Tally {
  Histogram latency;              // of whole responses
  std::uint64_t requests = 0;     // with a whole response, whatever its status
  std::uint64_t bytes = 0;        // of content
  std::uint64_t unfinished = 0;   // begun or due, and neither answered nor failed at the end
  std::uint64_t connections = 0;  // that were made, those before the measurement too
  std::array<std::uint64_t, 5> statuses{};  // 1xx to 5xx
  std::array<std::uint64_t, kTroubleNames.size()> troubles{};
  std::array<std::string, kTroubleNames.size()> reasons;  // of the first of each kind
  Duration length{};                                      // of the measurement
  Duration cpu{};  // that the thread, or all of them together, used in it
  unsigned threads = 0;

  void response(std::uint16_t status, std::uint64_t content, Duration latency_of_it);
  void trouble(Trouble kind, std::string_view why, std::uint64_t times = 1);  // 0: for its reason
  void add(const Tally& part);

  std::uint64_t of(Trouble kind) const noexcept { return troubles[static_cast<std::size_t>(kind)]; }
  std::uint64_t all_troubles() const noexcept;
  std::uint64_t good() const noexcept { return requests - of(Trouble::status); }
};

}  // namespace troika::bench
