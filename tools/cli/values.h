#pragma once
// Values of options; nothing when one is malformed or out of range.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "ports/address.h"

namespace troika::cli {

std::optional<std::uint64_t> whole(std::string_view text, std::uint64_t least, std::uint64_t most);
std::optional<double> share(std::string_view text);            // "2%", "0.5%": 0 to 100
std::optional<Duration> period(std::string_view text);         // "50ms", "1.5s", "2m", "50": ms
std::optional<Duration> some_time(std::string_view text);      // a period, but not 0
std::optional<std::size_t> byte_count(std::string_view text);  // "1500", "256k", "1M": of 1024
std::optional<std::uint64_t> bit_rate(std::string_view text);  // "10Mbit", "500kbit", "64000"
std::optional<Address> ip(std::string_view text);              // with port 0
// The text before and after the first `mark`; nothing without one.
std::optional<std::pair<std::string_view, std::string_view>> halves(std::string_view text,
                                                                    char mark);
std::string text_of(Duration duration);  // as period() reads it

}  // namespace troika::cli
