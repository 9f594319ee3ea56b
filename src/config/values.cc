#include "config/values.h"

#include <algorithm>
#include <charconv>

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

Checked<std::string> parse_text(std::string_view text) { return std::string(text); }

Checked<std::size_t> parse_memory(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const unsigned shift = unit == "KiB" ? 10 : unit == "MiB" ? 20 : unit == "GiB" ? 30 : 0;
  const bool fits = error == std::errc{} && shift != 0 && count <= SIZE_MAX >> shift;
  if (fits && count << shift >= kLeastMemory) return count << shift;
  return std::unexpected(
      formatted("must be a size of at least {}MiB with its unit, like 512MiB or 2GiB, not \"{}\"",
                kLeastMemory >> 20U, text));
}

Checked<std::uint32_t> parse_rate(std::string_view text) {
  if (text == "off") return 0;
  std::uint32_t rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (whole && rate > 0 && rate <= kMostRate) return rate;
  return std::unexpected(formatted(
      "must be a number of bytes a second from 1 to {}, or off, not \"{}\"", kMostRate, text));
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

Checked<std::uint16_t> parse_port(std::string_view text) {
  const auto port = port_number(text);
  if (port && *port != 0) return *port;
  return std::unexpected(formatted("must be a port from 1 to 65535, not \"{}\"", text));
}

Checked<unsigned> parse_workers(std::string_view text) {
  const auto count = port_number(text);  // a small number, too
  if (count && *count != 0 && *count <= kMostWorkers) return *count;
  return std::unexpected(
      formatted("must be a number from 1 to {}, not \"{}\"", kMostWorkers, text));
}

std::vector<Address> loopback(std::uint16_t port) {
  return both_families("127.0.0.1:0", "[::1]:0", port);
}

Checked<std::vector<Address>> parse_listener(std::string_view text) {
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
  return std::unexpected(
      formatted("\"{}\" is not an address and port: write 8443 (loopback), :8443 (all addresses), "
                "127.0.0.1:8443 or [::1]:8443",
                text));
}

Checked<Address> parse_reachable(std::string_view text) {
  const auto address = Address::parse(text);
  if (!address) return address;
  const std::string_view wrong = address->is_any() ? "is not an address that clients can connect to"
                                 : address->port() == 0 ? "has no port"
                                                        : "";
  if (wrong.empty()) return address;
  return std::unexpected(
      formatted("{} {}: write one like 192.0.2.7:443 or [2001:db8::7]:443", text, wrong));
}

Checked<quic::Congestion> parse_congestion(std::string_view text) {
  if (text == "cubic") return quic::Congestion::cubic;
  if (text == "bbr") return quic::Congestion::bbr;
  if (text == "reno") return quic::Congestion::reno;
  return std::unexpected(formatted("must be cubic, bbr or reno, not \"{}\"", text));
}

Checked<tls::ClientAuth> parse_client_auth(std::string_view text) {
  if (text == "required") return tls::ClientAuth::required;
  if (text == "optional") return tls::ClientAuth::optional;
  return std::unexpected(formatted("must be required or optional, not \"{}\"", text));
}

Checked<LogFormat> parse_log_format(std::string_view text) {
  if (const auto format = log_format(text)) return *format;
  return std::unexpected(
      formatted("must be text, combined, json, logfmt or caddy, not \"{}\"", text));
}

Checked<LogLevel> parse_log_level(std::string_view text) {
  if (const auto level = log_level(text)) return *level;
  return std::unexpected(formatted("must be error, warn, notice, info or debug, not \"{}\"", text));
}

std::string shell_word(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || std::string_view("/._-+:@%=,").contains(c);
  });
  if (plain) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace troika
