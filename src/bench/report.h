#pragma once
#include <string>

#include "bench/options.h"
#include "bench/tally.h"

namespace troika::bench {

// For people: some lines, each with its end.
std::string text_report(const Options& options, const Tally& tally);
// One object in one line. Times are in seconds, bytes are of content; `errors` is the sum of
// `errors_by_kind`. docs/bench.md has all members.
std::string json_report(const Options& options, const Tally& tally);
// What has come since the last one, after so many seconds.
std::string progress_line(std::uint64_t second, std::uint64_t requests, std::uint64_t since,
                          std::uint64_t troubles);

// The load generator had no time left: what it measured is its own limit, not the server's.
bool was_bottleneck(const Tally& tally) noexcept;

}  // namespace troika::bench
