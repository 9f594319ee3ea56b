#include "bench/schedule.h"

#include <algorithm>

namespace troika::bench {

Schedule::Schedule(const Plan& plan, TimePoint start)
    : plan_(plan),
      start_(start),
      measured_from_(start + plan.warm_up),
      end_(plan.length ? measured_from_ + *plan.length : kNever) {}

// From the number, not from the one before: so no error adds up. In two steps, as the product may
// not fit.
TimePoint Schedule::due(std::uint64_t number) const noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t all = number * plan_.parts + plan_.part;
  const std::uint64_t ns = all / plan_.rate * kSecond + all % plan_.rate * kSecond / plan_.rate;
  return start_ + Duration(static_cast<Duration::rep>(ns));
}

std::optional<Ticket> Schedule::take(TimePoint now) {
  if (all_begun() || now >= end_) return std::nullopt;
  Ticket ticket{now};
  if (plan_.rate != 0) {
    ticket.due = due(taken_);
    if (ticket.due > now) return std::nullopt;
    ++taken_;
  }
  if (ticket.due >= measured_from_) ++begun_;
  return ticket;
}

TimePoint Schedule::next() const noexcept {
  return plan_.rate == 0 || all_begun() ? kNever : due(taken_);
}

bool Schedule::counts(const Ticket& ticket, TimePoint now) const noexcept {
  if (now < measured_from_ || now >= end_) return false;
  return ticket.due >= measured_from_ || (!plan_.requests && plan_.rate == 0);
}

void Schedule::done(const Ticket& ticket) noexcept {
  if (ticket.due >= measured_from_) ++ended_;
}

bool Schedule::over(TimePoint now) const noexcept {
  return now >= end_ || (plan_.requests && ended_ >= *plan_.requests);
}

std::uint64_t Schedule::unfinished(TimePoint now) const noexcept {
  if (plan_.rate == 0) return plan_.requests ? *plan_.requests - ended_ : 0;
  std::uint64_t late = 0;
  const TimePoint last = std::min(now, end_);
  for (std::uint64_t number = taken_; due(number) < last; ++number) {
    if (due(number) >= measured_from_) ++late;
  }
  if (plan_.requests) late = std::min(late, *plan_.requests - begun_);
  return begun_ - ended_ + late;
}

}  // namespace troika::bench
