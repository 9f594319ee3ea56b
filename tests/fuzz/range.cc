// The size, a line end, then a Range field. What is served lies within the representation, costs no
// more than the limits allow; nothing is refused of what is empty; and a field means the same
// however loosely the list is written.
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/semantics/range.h"

using namespace troika;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// Size and cost of what is served, in arithmetic that cannot wrap around.
void check_parts(const RangeChoice& choice, std::uint64_t size) {
  __extension__ using Wide = unsigned __int128;
  Wide cost = 0;
  std::size_t overlapping = 0;
  for (const ByteRange& part : choice.parts) {
    require(part.first <= part.last && part.last < size);
    require(part.size() == part.last - part.first + 1);
    cost += static_cast<Wide>(part.size()) + kRangeCost;
    std::size_t same = 0;
    for (const ByteRange& other : choice.parts) {
      same += part.first <= other.last && other.first <= part.last ? 1U : 0U;
    }
    overlapping += same > 1 ? 1U : 0U;
  }
  require(cost <= static_cast<Wide>(size) + kRangeSlack);
  require(overlapping <= 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  std::uint64_t representation = 0;
  std::from_chars(input.data(), input.data() + line, representation);
  const std::string_view field = input.substr(line + 1);

  const RangeChoice choice = choose_ranges(field, representation);
  require((choice.kind == RangeChoice::Kind::parts) == !choice.parts.empty());
  require(choice.parts.size() <= kMaxRanges);
  require(representation > 0 || choice.kind == RangeChoice::Kind::whole);
  check_parts(choice, representation);

  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos) return 0;
  std::string loose(field.substr(0, equals + 1));
  loose.append(",\t, ").append(field.substr(equals + 1)).append(" ,");
  const RangeChoice again = choose_ranges(loose, representation);
  require(again.kind == choice.kind && again.parts == choice.parts);
  return 0;
}
