#include "runtime/request_counts.h"

#include <algorithm>
#include <functional>

namespace troika {
namespace {

using ByStatus = decltype(RequestCounts::OfVersion::by_status);

// A server sends a few dozen of them at most: handlers make them, not clients.
void add_status(ByStatus& all, std::uint16_t status, std::uint64_t count) {
  const auto found = std::ranges::find(all, status, &ByStatus::value_type::first);
  if (found != all.end()) {
    found->second += count;
  } else {
    all.emplace_back(status, count);
  }
}

}  // namespace

void RequestCounts::add(const ExchangeSummary& summary) {
  OfVersion& its = of_version.at(static_cast<std::size_t>(summary.request.version));
  add_status(its.by_status, summary.status, 1);
  const auto bucket = std::ranges::lower_bound(kBuckets, summary.duration);
  ++its.by_duration.at(static_cast<std::size_t>(bucket - kBuckets.begin()));
  its.duration += summary.duration;
  its.bytes += summary.body_bytes;
  ++aborted.at(static_cast<std::size_t>(summary.aborted));
  if (summary.request.early_data) ++early;
}

RequestCounts& RequestCounts::operator+=(const RequestCounts& other) {
  const auto add_all = [](auto& to, const auto& from) {
    std::ranges::transform(to, from, to.begin(), std::plus<>());
  };
  for (std::size_t i = 0; i < kVersions; ++i) {
    OfVersion& its = of_version[i];
    const OfVersion& more = other.of_version[i];
    for (const auto& [status, count] : more.by_status) add_status(its.by_status, status, count);
    add_all(its.by_duration, more.by_duration);
    its.duration += more.duration;
    its.bytes += more.bytes;
  }
  add_all(aborted, other.aborted);
  early += other.early;
  return *this;
}

}  // namespace troika
