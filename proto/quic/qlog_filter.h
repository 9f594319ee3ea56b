#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "ports/address.h"

namespace troika {

// All addresses that begin with the same bits.
struct AddressRange {
  Address first;  // its port says nothing
  unsigned bits = 0;

  bool contains(const Address& address) const noexcept;
};

// Which QUIC connections are logged; as it is made, all of them.
struct QlogFilter {
  std::uint32_t one_in = 1;  // by chance: a client must not be able to choose
  std::optional<AddressRange> clients{};

  bool wants(const Address& client, Random& random) const noexcept;
};

// "1/100", "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". The error is one sentence.
Checked<QlogFilter> parse_qlog_filter(std::string_view text);

}  // namespace troika
