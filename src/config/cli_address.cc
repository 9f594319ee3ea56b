#include "config/cli_address.h"

#include <charconv>
#include <format>

#include "base/text.h"

namespace troika {
namespace {

std::vector<Address> both_families(std::string_view ipv4, std::string_view ipv6,
                                   std::uint16_t port) {
  std::vector<Address> both{*Address::parse(ipv4), *Address::parse(ipv6)};
  for (Address& address : both) address.set_port(port);
  return both;
}

}  // namespace

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::vector<Address> loopback(std::uint16_t port) {
  return both_families("127.0.0.1:0", "[::1]:0", port);
}

Checked<std::vector<Address>> addresses_of(std::string_view text) {
  if (const auto port = port_number(text)) return loopback(*port);
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view host = text.substr(0, colon);
    if (const auto port = port_number(text.substr(colon + 1))) {
      if (host.empty() || host == "*") return both_families("0.0.0.0:0", "[::]:0", *port);
      if (ascii::equal_ignoring_case(host, "localhost")) return loopback(*port);
    }
  }
  const auto one = Address::parse(text);
  if (one) return std::vector{*one};
  return std::unexpected(std::format(
      "\"{}\" is not an address and port: write 8443 (loopback), :8443 (all addresses), "
      "127.0.0.1:8443 or [::1]:8443",
      text));
}

}  // namespace troika
