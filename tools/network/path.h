#pragma once
// Simulates what a network does to datagrams or packets, one direction of one path at a time. It
// has neither a socket nor a clock, and all randomness follows from the seed.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "ports/datagram.h"

namespace troika::network {

// All times count from the start of the path.
struct MtuChange {
  Duration at;
  std::size_t bytes;
};
struct Outage {
  Duration at, length;
};
struct Cycle {  // repeats: passes for `open`, drops for `closed`
  Duration closed, open;
};
struct Numbers {  // the first datagram is number 1
  std::uint64_t first, last;
};
// What may wait when there is a rate, with what is being transmitted. 0: no such limit.
struct Queue {
  std::size_t packets = 25, bytes = 0;
};
enum class EcnRule : std::uint8_t { keep, bleach, ce };

// The probabilities apply to each datagram independently.
struct PathOptions {
  double loss = 0, reorder = 0, duplicate = 0, corrupt = 0;
  std::uint64_t burst = 0;     // most datagrams lost by `loss` in a row; 0: no limit
  Duration delay{}, jitter{};  // jitter alone keeps the order
  std::uint64_t bits = 0;      // per second; 0: no limit
  Queue queue{};
  std::size_t mtu = 0;               // bytes; 0: no limit
  std::vector<MtuChange> changes{};  // of `mtu`
  std::vector<Outage> outages{};
  std::optional<Cycle> cycle{};
  std::vector<Numbers> numbers{};  // datagrams to drop
  EcnRule ecn = EcnRule::keep;
};

// The delay of a datagram chosen by `reorder` behind the others.
inline constexpr Duration kReorderLag = std::chrono::milliseconds(10);

enum class Dropped : std::uint8_t { no, number, black_hole, too_big, lost, queue_full };

struct Verdict {
  Dropped dropped = Dropped::no;
  TimePoint due{};  // when it leaves the path
  bool reordered = false, duplicated = false;
  std::optional<std::size_t> corrupt_at;  // the byte to XOR with `flip`
  std::byte flip{};                       // never zero
};

class Path {
 public:
  Path(const PathOptions& options, std::uint64_t seed, TimePoint start)
      : options_(options), random_(seed), start_(start) {}

  // Handles the next datagram. `now` never decreases.
  Verdict take(std::size_t bytes, TimePoint now);
  Ecn ecn_of(Ecn ecn) const noexcept;
  std::size_t mtu(TimePoint now) const noexcept;  // 0: no limit

 private:
  Dropped drop(std::size_t bytes, TimePoint now);
  bool numbered() const noexcept;
  bool dark(TimePoint now) const noexcept;
  bool lose();
  // When the last bit has left a line with this rate; nothing when the queue is full.
  std::optional<TimePoint> transmit(std::size_t bytes, TimePoint now);
  Duration time_on_line(std::size_t bytes);

  PathOptions options_;
  SeededRandom random_;
  TimePoint start_;
  TimePoint last_due_{};
  struct Leaving {
    TimePoint at;
    std::size_t bytes;
  };
  std::deque<Leaving> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t rest_ = 0;  // of the last division by the rate
  std::uint64_t count_ = 0, in_a_row_ = 0;
};

}  // namespace troika::network
