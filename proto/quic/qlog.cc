#include "proto/quic/qlog.h"

#include <charconv>

#include "base/text.h"

namespace troika {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool QlogFilter::wants(const Address& client, Random& random) const noexcept {
  if (clients && !clients->contains(client)) return false;
  return one_in == 1 || random.u64() % one_in == 0;
}

Checked<QlogFilter> parse_qlog_filter(std::string_view text) {
  if (text.starts_with("1/")) {
    const auto one_in = number<std::uint32_t>(text.substr(2));
    if (one_in && *one_in != 0) return QlogFilter{.one_in = *one_in};
  } else if (const auto range = AddressRange::parse(text)) {
    return QlogFilter{.clients = range};
  }
  return std::unexpected(
      formatted("must be a share like 1/100, or an address of clients like 192.0.2.7, "
                "192.0.2.0/24 or 2001:db8::/32, not \"{}\"",
                text));
}

}  // namespace troika
