#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "http/exchange/observer.h"

namespace troika {

// How many requests there were, by what an operator asks of them.
struct RequestCounts {
  static constexpr std::size_t kVersions = 4;  // as HttpVersion
  // Upper bounds of the buckets of durations; one more bucket takes the rest. Those of
  // OpenTelemetry's http.server.request.duration.
  static constexpr std::array<Duration, 14> kBuckets{
      std::chrono::milliseconds(5),    std::chrono::milliseconds(10),
      std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
      std::chrono::milliseconds(75),   std::chrono::milliseconds(100),
      std::chrono::milliseconds(250),  std::chrono::milliseconds(500),
      std::chrono::milliseconds(750),  std::chrono::milliseconds(1000),
      std::chrono::milliseconds(2500), std::chrono::milliseconds(5000),
      std::chrono::milliseconds(7500), std::chrono::milliseconds(10000)};
  static constexpr std::size_t kReasons = static_cast<std::size_t>(AbortReason::shutdown) + 1;

  struct OfVersion {
    std::vector<std::pair<std::uint16_t, std::uint64_t>> by_status{};  // 0: no response
    std::array<std::uint64_t, kBuckets.size() + 1> by_duration{};
    Duration duration{};
    std::uint64_t bytes = 0;  // of content
  };

  void add(const ExchangeSummary& summary);
  RequestCounts& operator+=(const RequestCounts& other);

  std::array<OfVersion, kVersions> of_version{};
  std::array<std::uint64_t, kReasons> aborted{};  // by AbortReason
  std::uint64_t early = 0;                        // came in early data
};

// Those of one worker, counted on its thread.
class RequestCounter final : public ExchangeObserver {
 public:
  void on_complete(const ExchangeSummary& summary) noexcept override { counts_.add(summary); }
  const RequestCounts& counts() const noexcept { return counts_; }

 private:
  RequestCounts counts_;
};

}  // namespace troika
