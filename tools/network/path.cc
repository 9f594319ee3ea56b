#include "tools/network/path.h"

#include <algorithm>

namespace troika::network {

Verdict Path::take(std::size_t bytes, TimePoint now) {
  ++count_;
  Verdict verdict;
  verdict.dropped = drop(bytes, now);
  if (verdict.dropped != Dropped::no) return verdict;
  const auto through = transmit(bytes, now);
  if (!through) {
    verdict.dropped = Dropped::queue_full;
    return verdict;
  }
  Duration jitter{};
  if (options_.jitter.count() > 0) {
    jitter = Duration(static_cast<Duration::rep>(
        random_.below(static_cast<std::uint64_t>(options_.jitter.count()) + 1)));
  }
  verdict.due = std::max(*through + options_.delay + jitter, last_due_);
  verdict.reordered = options_.reorder > 0 && random_.chance(options_.reorder);
  if (verdict.reordered) {
    verdict.due += kReorderLag;  // those behind it do not wait for it
  } else {
    last_due_ = verdict.due;
  }
  verdict.duplicated = options_.duplicate > 0 && random_.chance(options_.duplicate);
  if (options_.corrupt > 0 && random_.chance(options_.corrupt)) {
    verdict.corrupt_at = random_.below(bytes);
    verdict.flip = static_cast<std::byte>(1 + random_.below(255));
  }
  return verdict;
}

Ecn Path::ecn_of(Ecn ecn) const noexcept {
  if (options_.ecn == EcnRule::keep || ecn == Ecn::not_ect) return ecn;
  return options_.ecn == EcnRule::ce ? Ecn::ce : Ecn::not_ect;
}

std::size_t Path::mtu(TimePoint now) const noexcept {
  std::size_t mtu = options_.mtu;
  Duration latest{-1};
  for (const MtuChange& change : options_.changes) {
    if (now - start_ >= change.at && change.at >= latest) {
      mtu = change.bytes;
      latest = change.at;
    }
  }
  return mtu;
}

Dropped Path::drop(std::size_t bytes, TimePoint now) {
  if (numbered()) return Dropped::number;
  if (dark(now)) return Dropped::black_hole;
  const std::size_t most = mtu(now);
  if (most != 0 && bytes > most) return Dropped::too_big;
  return lose() ? Dropped::lost : Dropped::no;
}

bool Path::numbered() const noexcept {
  return std::ranges::any_of(options_.numbers, [this](const Numbers& numbers) {
    return numbers.first <= count_ && count_ <= numbers.last;
  });
}

bool Path::dark(TimePoint now) const noexcept {
  const Duration since = now - start_;
  if (options_.cycle &&
      since % (options_.cycle->open + options_.cycle->closed) >= options_.cycle->open) {
    return true;
  }
  return std::ranges::any_of(options_.outages, [since](const Outage& outage) {
    return outage.at <= since && since < outage.at + outage.length;
  });
}

bool Path::lose() {
  if (options_.loss <= 0 || !random_.chance(options_.loss) ||
      (options_.burst != 0 && in_a_row_ == options_.burst)) {
    in_a_row_ = 0;
    return false;
  }
  ++in_a_row_;
  return true;
}

std::optional<TimePoint> Path::transmit(std::size_t bytes, TimePoint now) {
  if (options_.bits == 0) return now;
  while (!queue_.empty() && queue_.front().at <= now) {
    queued_bytes_ -= queue_.front().bytes;
    queue_.pop_front();
  }
  const Queue& most = options_.queue;
  if (most.packets != 0 && queue_.size() >= most.packets) return std::nullopt;
  if (most.bytes != 0 && queued_bytes_ + bytes > most.bytes) return std::nullopt;
  if (queue_.empty()) rest_ = 0;
  const TimePoint begin = queue_.empty() ? now : queue_.back().at;
  queue_.push_back({begin + time_on_line(bytes), bytes});
  queued_bytes_ += bytes;
  return queue_.back().at;
}

// What a division leaves goes into the next, so that a busy line has exactly its rate.
Duration Path::time_on_line(std::size_t bytes) {
  // 64 KiB are 2^19 bits, and 10^9 fits into 30: no overflow.
  const std::uint64_t units = std::uint64_t{bytes} * 8U * 1'000'000'000U + rest_;
  rest_ = units % options_.bits;
  return Duration(static_cast<Duration::rep>(units / options_.bits));
}

}  // namespace troika::network
