#include "ports/address_range.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "base/text.h"

namespace troika {
namespace {

std::span<const std::uint8_t> bytes_of(const Address& address) noexcept {
  if (address.family() == AF_INET6) {
    return reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr.s6_addr;
  }
  const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address.get());
  return {reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), sizeof v4.sin_addr};
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const auto address =
      Address::parse(ip.contains(':') ? formatted("[{}]:0", ip) : formatted("{}:0", ip));
  if (!address) return std::nullopt;
  const auto all = static_cast<unsigned>(8 * bytes_of(*address).size());
  if (slash == std::string_view::npos) return AddressRange{*address, all};
  const std::string_view number = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  if (error != std::errc{} || end != number.data() + number.size() || bits > all) {
    return std::nullopt;
  }
  return AddressRange{*address, bits};
}

bool AddressRange::contains(const Address& address) const noexcept {
  if (address.family() != first.family()) return false;
  const auto a = bytes_of(first), b = bytes_of(address);
  const std::size_t whole = bits / 8;
  if (!std::ranges::equal(a.first(whole), b.first(whole))) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

std::string AddressRange::text() const { return formatted("{}/{}", first.ip(), bits); }

}  // namespace troika
