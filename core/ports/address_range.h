#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ports/address.h"

namespace troika {

// The addresses whose first bits are those of one, whatever their ports; a value.
struct AddressRange {
  Address first;
  unsigned bits = 0;  // at most 32 of IPv4, 128 of IPv6

  // "192.0.2.7", "192.0.2.0/24", "2001:db8::/32".
  static std::optional<AddressRange> parse(std::string_view text);
  bool contains(const Address& address) const noexcept;
  std::string text() const;  // as parse() takes it, always with its bits
};

}  // namespace troika
