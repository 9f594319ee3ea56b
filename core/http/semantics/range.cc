#include "http/semantics/range.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include "base/text.h"
#include "http/message/fields.h"

namespace troika {
namespace {

// Digits only, or empty. Leading zeros are dropped, so a longer number is a larger one.
class Digits {
 public:
  explicit Digits(std::string_view text) noexcept
      : empty_(text.empty()), valid_(std::ranges::all_of(text, ascii::is_digit)) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    text_ = text;
  }

  bool empty() const noexcept { return empty_; }
  bool valid() const noexcept { return valid_; }
  // Clamped to the type's maximum: no representation is larger, so no position beyond it matters.
  std::uint64_t saturated() const noexcept {
    std::uint64_t value = 0;
    const auto result = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    const bool too_large = result.ec == std::errc::result_out_of_range;
    return too_large ? std::numeric_limits<std::uint64_t>::max() : value;
  }
  friend bool operator>(const Digits& a, const Digits& b) noexcept {
    return std::pair(a.text_.size(), a.text_) > std::pair(b.text_.size(), b.text_);
  }

 private:
  bool empty_, valid_;
  std::string_view text_;
};

enum class Reading : std::uint8_t { field_ignored, unsatisfiable, satisfiable };

Reading read_suffix(const Digits& length, std::uint64_t size, ByteRange& out) noexcept {
  if (length.empty()) return Reading::field_ignored;
  const std::uint64_t taken = length.saturated();
  if (taken == 0) return Reading::unsatisfiable;
  out = {size - std::min(taken, size), size - 1};
  return Reading::satisfiable;
}

// RFC 9110 §14.1.1: a last position before the first one makes the field invalid.
Reading read_range(std::string_view spec, std::uint64_t size, ByteRange& out) noexcept {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return Reading::field_ignored;
  const Digits first(spec.substr(0, dash));
  const Digits last(spec.substr(dash + 1));
  if (!first.valid() || !last.valid()) return Reading::field_ignored;
  if (first.empty()) return read_suffix(last, size, out);
  if (!last.empty() && first > last) return Reading::field_ignored;
  if (first.saturated() >= size) return Reading::unsatisfiable;
  out = {first.saturated(), last.empty() ? size - 1 : std::min(last.saturated(), size - 1)};
  return Reading::satisfiable;
}

bool overlap(const ByteRange& a, const ByteRange& b) noexcept {
  return a.first <= b.last && b.first <= a.last;
}

bool too_many_overlap(std::span<const ByteRange> parts) noexcept {
  const auto overlaps_another = [&](const ByteRange& part) {
    return std::ranges::count_if(parts, [&](const ByteRange& p) { return overlap(part, p); }) > 1;
  };
  return std::ranges::count_if(parts, overlaps_another) > 2;
}

// Only for parts of which at most two overlap: then the excess is at most the size, and nothing
// here overflows.
bool cost_too_much(std::span<const ByteRange> parts, std::uint64_t size) noexcept {
  static_assert(kMaxRanges * kRangeCost <= kRangeSlack);
  std::uint64_t left = size;
  std::uint64_t excess = 0;
  for (const ByteRange& part : parts) {
    const std::uint64_t covered = std::min(left, part.size());
    left -= covered;
    excess += part.size() - covered;
  }
  return excess > kRangeSlack - parts.size() * kRangeCost;
}

}  // namespace

RangeChoice choose_ranges(std::string_view field, std::uint64_t size) {
  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos ||
      !ascii::equal_ignoring_case(field.substr(0, equals), "bytes")) {
    return {};
  }
  // RFC 9110 §14.2 lets a server ignore the field. A client that requests an empty representation
  // already has all of it; a 416 would report an error.
  if (size == 0) return {};
  std::vector<ByteRange> parts;
  std::size_t count = 0;
  for (std::string_view rest = field.substr(equals + 1); !rest.empty();) {
    // No valid range contains a quote, so it does not matter that quoted commas do not separate.
    const std::string_view spec = take_piece(rest, ',');
    if (spec.empty()) continue;
    ByteRange part;
    const Reading reading = read_range(spec, size, part);
    if (reading == Reading::field_ignored || ++count > kMaxRanges) return {};
    if (reading == Reading::satisfiable) parts.push_back(part);
  }
  if (count == 0) return {};
  if (parts.empty()) return {.kind = RangeChoice::Kind::unsatisfiable};
  if (too_many_overlap(parts) || cost_too_much(parts, size)) return {};
  return {.kind = RangeChoice::Kind::parts, .parts = std::move(parts)};
}

}  // namespace troika
