#include "bench/tally.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace troika::bench {

// Values below kEach have a bucket each; above, the highest kBits + 1 bits tell the bucket.
std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
  if (value < kEach) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
  return shift * kEach + (value >> shift);
}

std::uint64_t Histogram::middle_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kEach) return bucket;
  const std::size_t shift = bucket / kEach - 1;
  const std::uint64_t low = (bucket - shift * kEach) << shift;
  return low + ((std::uint64_t{1} << shift) >> 1U);
}

void Histogram::add(Duration value) noexcept {
  value = std::max(value, Duration::zero());
  ++counts_[bucket_of(static_cast<std::uint64_t>(value.count()))];
  ++count_;
  sum_ += static_cast<double>(value.count());
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Duration Histogram::mean() const noexcept {
  return count_ == 0 ? Duration::zero()
                     : Duration(static_cast<Duration::rep>(sum_ / static_cast<double>(count_)));
}

Duration Histogram::quantile(std::uint64_t millionths) const noexcept {
  constexpr std::uint64_t kAll = 1'000'000;
  if (count_ == 0) return Duration::zero();
  // Rounded up, in two steps, as the product may not fit.
  const std::uint64_t part = (count_ % kAll * millionths + kAll - 1) / kAll;
  const std::uint64_t rank = std::max<std::uint64_t>(1, count_ / kAll * millionths + part);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    below += counts_[i];
    if (below < rank) continue;
    return std::clamp(Duration(static_cast<Duration::rep>(middle_of(i))), min_, max_);
  }
  return max_;
}

void Tally::response(std::uint16_t status, std::uint64_t content, Duration latency_of_it) {
  latency.add(latency_of_it);
  ++requests;
  bytes += content;
  ++statuses[std::clamp<unsigned>(status / 100U, 1, 5) - 1];
  if (status >= 400) ++troubles[static_cast<std::size_t>(Trouble::status)];
}

void Tally::trouble(Trouble kind, std::string_view why, std::uint64_t times) {
  troubles[static_cast<std::size_t>(kind)] += times;
  std::string& reason = reasons[static_cast<std::size_t>(kind)];
  if (reason.empty()) reason = why;
}

void Tally::add(const Tally& part) {
  latency.add(part.latency);
  requests += part.requests;
  bytes += part.bytes;
  unfinished += part.unfinished;
  connections += part.connections;
  for (std::size_t i = 0; i < statuses.size(); ++i) statuses[i] += part.statuses[i];
  for (std::size_t i = 0; i < troubles.size(); ++i) {
    trouble(static_cast<Trouble>(i), part.reasons[i], part.troubles[i]);
  }
  length = std::max(length, part.length);
  cpu += part.cpu;
  threads += part.threads;
}

std::uint64_t Tally::all_troubles() const noexcept {
  return std::accumulate(troubles.begin(), troubles.end(), std::uint64_t{0});
}

}  // namespace troika::bench
