#pragma once
// What a network does to datagrams, one direction of one client's path at a time. It has neither a
// socket nor a clock, and everything random follows from the seed.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "ports/datagram.h"

namespace troika::relay {

// All times count from the client's first datagram.
struct MtuChange {
  Duration at;
  std::size_t bytes;
};
struct Outage {
  Duration at, length;
};
struct Cycle {  // passes for `open`, then nothing for `closed`, and again
  Duration closed, open;
};
struct Numbers {  // the first datagram is number 1
  std::uint64_t first, last;
};
enum class EcnRule : std::uint8_t { keep, bleach, ce };

// The probabilities are those of each datagram on its own.
struct PathOptions {
  double loss = 0, reorder = 0, duplicate = 0, corrupt = 0;
  std::uint64_t burst = 0;           // so many lost by `loss` in a row at most; 0: no limit
  Duration delay{}, jitter{};        // jitter alone keeps the order
  std::uint64_t bits = 0;            // a second; 0: no limit
  std::size_t queue = 25;            // datagrams that wait for their turn when there is a rate
  std::size_t mtu = 0;               // bytes of UDP payload; 0: no limit
  std::vector<MtuChange> changes{};  // of the mtu
  std::vector<Outage> outages{};
  std::optional<Cycle> cycle{};
  std::vector<Numbers> numbers{};  // are dropped
  EcnRule ecn = EcnRule::keep;
};

// How far a datagram chosen by `reorder` falls behind the others.
inline constexpr Duration kReorderLag = std::chrono::milliseconds(10);

enum class Dropped : std::uint8_t { no, number, black_hole, too_big, lost, queue_full };

struct Verdict {
  Dropped dropped = Dropped::no;
  TimePoint due{};  // when it leaves the path
  bool reordered = false, duplicated = false;
  std::optional<std::size_t> corrupt_at;  // the byte to flip, by `flip`
  std::byte flip{};                       // never zero
};

class Path {
 public:
  Path(const PathOptions& options, std::uint64_t seed, TimePoint start)
      : options_(options), random_(seed), start_(start) {}

  // The next datagram comes in. `now` never goes back.
  Verdict take(std::size_t bytes, TimePoint now);
  Ecn ecn_of(Ecn ecn) const noexcept;
  std::size_t mtu(TimePoint now) const noexcept;  // 0: no limit

 private:
  Dropped drop(std::size_t bytes, TimePoint now);
  bool numbered() const noexcept;
  bool dark(TimePoint now) const noexcept;
  bool lose();
  // When the last bit has left a line of that rate; nothing when the queue is full.
  std::optional<TimePoint> transmit(std::size_t bytes, TimePoint now);

  PathOptions options_;
  SeededRandom random_;
  TimePoint start_;
  TimePoint last_due_{};
  std::deque<TimePoint> queue_;  // when each that is not through yet will be
  std::uint64_t count_ = 0, in_a_row_ = 0;
};

}  // namespace troika::relay
