#include "proto/quic/qlog.h"

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

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<AddressRange> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const auto address =
      Address::parse(ip.contains(':') ? formatted("[{}]:0", ip) : formatted("{}:0", ip));
  if (!address) return std::nullopt;
  const auto all = static_cast<unsigned>(8 * bytes_of(*address).size());
  if (slash == std::string_view::npos) return AddressRange{*address, all};
  const auto bits = number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > all) return std::nullopt;
  return AddressRange{*address, *bits};
}

}  // namespace

bool AddressRange::contains(const Address& address) const noexcept {
  if (address.family() != first.family()) return false;
  const auto a = bytes_of(first), b = bytes_of(address);
  const std::size_t whole = bits / 8;
  if (!std::ranges::equal(a.first(whole), b.first(whole))) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool QlogFilter::wants(const Address& client, Random& random) const noexcept {
  if (clients && !clients->contains(client)) return false;
  return one_in == 1 || random.u64() % one_in == 0;
}

Checked<QlogFilter> parse_qlog_filter(std::string_view text) {
  if (text.starts_with("1/")) {
    const auto one_in = number<std::uint32_t>(text.substr(2));
    if (one_in && *one_in != 0) return QlogFilter{.one_in = *one_in};
  } else if (const auto range = parse_range(text)) {
    return QlogFilter{.clients = range};
  }
  return std::unexpected(
      formatted("must be a share like 1/100, or an address of clients like 192.0.2.7, "
                "192.0.2.0/24 or 2001:db8::/32, not \"{}\"",
                text));
}

}  // namespace troika
