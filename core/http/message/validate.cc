#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "http/message/request_builder.h"

namespace troika {
namespace {

// RFC 3986 §3.2.2 without the comma, which that grammar allows: a host with one is two Host fields
// that something on the way has joined.
bool valid_name(std::string_view host) noexcept {
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '%') {
      if (host.size() - i < 3 || ascii::hex_value(host[i + 1]) < 0 ||
          ascii::hex_value(host[i + 2]) < 0) {
        return false;
      }
      i += 2;
    } else if (!ascii::is_alpha(c) && !ascii::is_digit(c) &&
               !std::string_view("-._~!$&'()*+;=").contains(c)) {
      return false;
    }
  }
  return !host.empty();
}

// No zone: it names an interface of the sender. No IPvFuture: there is none to this day.
bool valid_ipv6(std::string_view text) {
  in6_addr address{};
  return text.size() < INET6_ADDRSTRLEN &&
         inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool valid_port(std::string_view text) noexcept {
  if (text.empty()) return true;  // RFC 3986 §3.2.3: "host:" is the default port
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool valid_field_value(std::string_view value) noexcept {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool valid_authority(std::string_view authority) noexcept {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos || !valid_ipv6(authority.substr(1, end - 1))) return false;
    const std::string_view rest = authority.substr(end + 1);
    return rest.empty() || (rest[0] == ':' && valid_port(rest.substr(1)));
  }
  const std::size_t colon = authority.find(':');
  if (colon == std::string_view::npos) return valid_name(authority);
  return valid_name(authority.substr(0, colon)) && valid_port(authority.substr(colon + 1));
}

}  // namespace troika
