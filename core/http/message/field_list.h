#pragma once
#include <optional>
#include <string_view>

#include "http/message/header_map.h"

namespace troika {

// Takes the text before the next separator off `rest`, without the white space around it.
// Separators in quoted strings (RFC 9110 §5.6.4) do not count; a quote that is not closed reaches
// to the end.
std::string_view take_piece(std::string_view& rest, char separator) noexcept;

// A member of a list with quality values (RFC 9110 §12.4.2).
struct WeightedItem {
  std::string_view name;
  unsigned quality = 1000;      // thousandths
  bool has_parameters = false;  // others than q, which nobody here looks into
};
// Nothing when its q is malformed or there is more than one.
std::optional<WeightedItem> parse_weighted(std::string_view member) noexcept;

// Calls visit(item) for the valid members of all fields of that name, in order.
template <typename Visit>
void for_each_weighted(const HeaderMap& headers, std::string_view name, Visit visit) {
  for (const HeaderMap::Field field : headers) {
    if (field.name != name) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view member = take_piece(rest, ',');
      if (member.empty()) continue;
      if (const auto item = parse_weighted(member)) visit(*item);
    }
  }
}

}  // namespace troika
