#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace troika::bench {

// What a run, or a thread's part of it, is to do.
struct Plan {
  std::optional<std::uint64_t> requests{};  // then it is over
  std::optional<Duration> length{};         // after the warm-up, then it is over
  Duration warm_up{};                       // what happens in it is not counted
  // Requests a second of the whole run, due at even distances; 0: each begins when one has ended.
  std::uint64_t rate = 0;
  std::uint64_t part = 0, parts = 1;  // which of the requests of `rate` are ours: one in `parts`
};

// A request that may begin. Its latency counts from the time it was due: one that had to wait for
// its turn is not faster for it.
struct Ticket {
  TimePoint due;
};

// When requests begin, which of them count, and when it is over. No I/O, no clock.
class Schedule {
 public:
  Schedule(const Plan& plan, TimePoint start);

  // The next request, if one may begin now.
  std::optional<Ticket> take(TimePoint now);
  // When take() can give the next one if it gives none now; kNever: when something has ended.
  TimePoint next() const noexcept;

  // Whether what ends now is part of the measurement: with a number of requests, or a rate, what
  // was due in it; else what ends in it.
  bool counts(const Ticket& ticket, TimePoint now) const noexcept;
  void done(const Ticket& ticket) noexcept;  // answered or failed
  bool over(TimePoint now) const noexcept;

  TimePoint measured_from() const noexcept { return measured_from_; }
  TimePoint end() const noexcept { return end_; }  // kNever: only the number of requests ends it
  // Of a number of requests, or of a rate, those that were due by then and have not ended.
  std::uint64_t unfinished(TimePoint now) const noexcept;

 private:
  TimePoint due(std::uint64_t number) const noexcept;
  bool all_begun() const noexcept { return plan_.requests && begun_ >= *plan_.requests; }

  const Plan plan_;
  const TimePoint start_, measured_from_, end_;
  std::uint64_t taken_ = 0;              // of the rate
  std::uint64_t begun_ = 0, ended_ = 0;  // of the measurement
};

}  // namespace troika::bench
