#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace troika {

// Positions of the first and the last byte, as in Content-Range (RFC 9110 §14.4).
struct ByteRange {
  std::uint64_t first = 0, last = 0;
  std::uint64_t size() const noexcept { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// What a Range field selects of a representation.
struct RangeChoice {
  enum class Kind : std::uint8_t {
    whole,         // the field is ignored: bad syntax, other unit, too costly, or size 0
    parts,         // 206: one or more
    unsatisfiable  // 416
  } kind = Kind::whole;
  std::vector<ByteRange> parts{};  // in the requested order, clipped to the size
};

// RFC 9110 §14.1.2 and §14.2. Against floods (CVE-2011-3192) the field is ignored when it has more
// than kMaxRanges ranges, when more than two of them overlap another one, or when their total, plus
// kRangeCost bytes each, exceeds the size by more than kRangeSlack bytes.
inline constexpr std::size_t kMaxRanges = 16;
inline constexpr std::uint64_t kRangeCost = 256;
inline constexpr std::uint64_t kRangeSlack = 4096;
RangeChoice choose_ranges(std::string_view field, std::uint64_t size);

}  // namespace troika
