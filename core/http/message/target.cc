#include "http/message/target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"

namespace troika {
namespace {

bool is_ascii(char c) noexcept { return static_cast<std::uint8_t>(c) < 0x80; }

bool allowed(std::string_view text) noexcept {
  return std::ranges::none_of(
             text, [](char c) { return is_ascii(c) && (c <= 0x20 || c == 0x7f || c == '#'); }) &&
         is_utf8(text);
}

std::string encode_utf8(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (is_ascii(c)) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

struct Decoded {
  std::string path;
  bool encoded_slash = false;
};

// Decodes once, all but slashes: "a%2Fb" is one segment (RFC 3986 §2.2). A backslash or NUL would
// mean one thing to a check of the path and another to the code that opens it.
std::optional<Decoded> decode(std::string_view path) {
  Decoded decoded;
  std::string& out = decoded.path;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out.push_back(path[i]);
      continue;
    }
    if (path.size() - i < 3) return std::nullopt;
    const int high = ascii::hex_value(path[i + 1]);
    const int low = ascii::hex_value(path[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    const char c = static_cast<char>(high * 16 + low);
    if (c == '\0') return std::nullopt;
    if (c == '/') {
      out += "%2F";
      decoded.encoded_slash = true;
    } else {
      out.push_back(c);
    }
    i += 2;
  }
  if (out.contains('\\')) return std::nullopt;  // raw or encoded
  return decoded;
}

// RFC 3986 §5.2.4, after repeated slashes are collapsed, as a file system does. The RFC drops ".."
// at the root; this refuses it: no honest client sends it.
std::optional<std::string> remove_dot_segments(std::string_view path) {
  std::string out = "/";  // ends with a slash whenever a segment begins
  std::size_t at = 1;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "..") {
      if (out == "/") return std::nullopt;
      out.resize(out.rfind('/', out.size() - 2) + 1);
    } else if (!segment.empty() && segment != ".") {
      out.append(segment);
      if (end < path.size()) out.push_back('/');
    }
    at = end + 1;
  }
  return out;
}

// True for most targets: ASCII, with nothing in its path to decode or to remove, so that it is
// taken as it is. `mark` is where the query begins.
bool is_plain(std::string_view text, std::size_t mark) noexcept {
  char before = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_ascii(c) || c <= ' ' || c == 0x7f || c == '#') return false;
    if (i >= mark) continue;
    if (c == '%' || c == '\\' || (before == '/' && (c == '/' || c == '.'))) return false;
    before = c;
  }
  return true;
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  if (text == "*") return Target{.raw = "*", .path = "*", .query = ""};
  if (!text.starts_with('/')) return std::nullopt;
  if (const std::size_t end = std::min(text.find('?'), text.size()); is_plain(text, end)) {
    return Target{std::string(text), std::string(text.substr(0, end)),
                  std::string(text.substr(std::min(end + 1, text.size()))), false};
  }
  if (!allowed(text)) return std::nullopt;
  std::string raw = encode_utf8(text);
  const std::size_t mark = std::min(raw.find('?'), raw.size());
  const auto decoded = decode(std::string_view(raw).substr(0, mark));
  if (!decoded) return std::nullopt;
  auto path = remove_dot_segments(decoded->path);
  if (!path) return std::nullopt;
  std::string query = mark < raw.size() ? raw.substr(mark + 1) : "";
  return Target{std::move(raw), std::move(*path), std::move(query), decoded->encoded_slash};
}

namespace {

// RFC 3986 §3.2.2 without the comma, which that grammar allows: a host with one is two Host fields
// that an intermediary has joined.
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

// No zone: it names an interface of the sender. No IPvFuture: none is defined.
bool valid_ipv6(std::string_view text) {
  in6_addr address{};
  return text.size() < INET6_ADDRSTRLEN && !text.contains('\0') &&  // where inet_pton would end
         inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool valid_port(std::string_view text) noexcept {
  if (text.empty()) return true;  // RFC 3986 §3.2.3: "host:" is the default port
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

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
