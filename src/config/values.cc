#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/text.h"

namespace troika {
namespace {

std::vector<Address> both_families(std::string_view ipv4, std::string_view ipv6,
                                   std::uint16_t port) {
  std::vector<Address> both{*Address::parse(ipv4), *Address::parse(ipv6)};
  for (Address& address : both) address.set_port(port);
  return both;
}

struct Unit {
  std::string_view name;
  std::uint64_t of;  // the smallest one
};
constexpr auto kSizes =
    std::to_array<Unit>({{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}, {"B", 1}});
constexpr auto kTimes = std::to_array<Unit>(
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}});

constexpr std::uint64_t kMost = INT64_MAX / 1'000'000;  // as milliseconds they fit a Duration

std::optional<std::uint64_t> read(std::string_view text, std::span<const Unit> units) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (unit == units.end() || count > kMost / unit->of) return std::nullopt;
  return count * unit->of;
}

std::string written(std::uint64_t count, std::span<const Unit> units) {
  const auto fits = [count](const Unit& unit) { return count % unit.of == 0; };
  const Unit& unit = count == 0 ? units.back() : *std::ranges::find_if(units, fits);
  return formatted("{}{}", count / unit.of, unit.name);
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

Checked<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = read(text, kSizes);
  if (bytes) return *bytes;
  return std::unexpected(
      formatted("must be a size with its unit, like \"512B\", \"32KiB\", \"20MiB\" or \"1GiB\", "
                "not \"{}\"",
                text));
}

Checked<Duration> parse_time(std::string_view text) {
  const auto milliseconds = read(text, kTimes);
  if (milliseconds) return std::chrono::milliseconds(*milliseconds);
  return std::unexpected(
      formatted("must be a time with its unit, like \"500ms\", \"10s\", \"5m\", \"12h\" or \"7d\", "
                "not \"{}\"",
                text));
}

std::string size_text(std::uint64_t bytes) { return written(bytes, kSizes); }

std::string time_text(Duration time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  return written(static_cast<std::uint64_t>(milliseconds.count()), kTimes);
}

Checked<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (whole && count >= least && count <= most) return count;
  return std::unexpected(
      formatted("must be a whole number from {} to {}, not {}", least, most, text));
}

Checked<std::uint64_t> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most) {
  auto size = parse_size(text);
  if (!size || (*size >= least && *size <= most)) return size;
  return std::unexpected(
      formatted("must be from {} to {}, not {}", size_text(least), size_text(most), text));
}

Checked<Duration> parse_time(std::string_view text, Duration least, Duration most) {
  auto time = parse_time(text);
  if (!time || (*time >= least && *time <= most)) return time;
  return std::unexpected(
      formatted("must be from {} to {}, not {}", time_text(least), time_text(most), text));
}

Checked<Duration> parse_seconds(std::string_view text) {
  const std::string_view number = text.substr(0, text.size() - (text.ends_with('s') ? 1 : 0));
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), seconds);
  const bool whole = error == std::errc{} && end == number.data() + number.size();
  if (whole && seconds <= kMostSeconds) return std::chrono::seconds(seconds);
  return std::unexpected(
      formatted("must be a number of seconds up to {}, like 10s, not \"{}\"", kMostSeconds, text));
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
