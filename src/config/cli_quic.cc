#include "config/cli_quic.h"

#include <format>
#include <optional>

namespace troika {
namespace {

std::optional<std::string> wrong_with(const Address& address) {
  if (address.is_any()) return "names no address that a client could go to";
  if (address.port() == 0) return "names no port";
  return std::nullopt;
}

Checked<void> add_preferred(const std::string& text, ServeOptions& options) {
  const auto address = Address::parse(text);
  if (!address) return std::unexpected("--preferred-address: " + address.error());
  if (const auto wrong = wrong_with(*address)) {
    return std::unexpected(
        std::format("--preferred-address {} {}: write one like 192.0.2.7:443 or [2001:db8::7]:443",
                    text, *wrong));
  }
  const bool v6 = address->family() == AF_INET6;
  Address& preferred = v6 ? options.preferred_v6 : options.preferred_v4;
  if (preferred.family() != AF_UNSPEC) {
    return std::unexpected(
        std::format("--preferred-address takes one address of a family, and {} and {} are both {}",
                    preferred.text(), address->text(), v6 ? "IPv6" : "IPv4"));
  }
  preferred = *address;
  return {};
}

}  // namespace

Checked<void> complete_quic(const RawQuic& raw, ServeOptions& options) {
  for (const std::string& text : raw.preferred) {
    if (auto added = add_preferred(text, options); !added) return added;
  }
  if (raw.qlog_only.empty()) return {};
  if (options.qlog.empty()) {
    return std::unexpected("--qlog-only chooses among the files of --qlog DIR: give both");
  }
  auto filter = parse_qlog_filter(raw.qlog_only);
  if (!filter) return std::unexpected(std::move(filter).error());
  options.qlog_only = *filter;
  return {};
}

}  // namespace troika
