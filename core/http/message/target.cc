#include "http/message/target.h"

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"
#include "base/utf8.h"

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

// Decodes once. An encoded slash, backslash or NUL would mean one thing to a check of the path and
// another to whoever opens it.
std::optional<std::string> decode(std::string_view path) {
  std::string out;
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
    if (c == '/' || c == '\0') return std::nullopt;
    out.push_back(c);
    i += 2;
  }
  if (out.contains('\\')) return std::nullopt;  // raw or encoded
  return out;
}

// RFC 3986 §5.2.4, over slashes that are collapsed first as a file system does. Where the RFC drops
// ".." at the root, this refuses: no honest client sends it.
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

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  if (text == "*") return Target{"*", "*", ""};
  if (!text.starts_with('/') || !allowed(text)) return std::nullopt;
  std::string raw = encode_utf8(text);
  const std::size_t mark = std::min(raw.find('?'), raw.size());
  const auto decoded = decode(std::string_view(raw).substr(0, mark));
  if (!decoded) return std::nullopt;
  auto path = remove_dot_segments(*decoded);
  if (!path) return std::nullopt;
  std::string query = mark < raw.size() ? raw.substr(mark + 1) : "";
  return Target{std::move(raw), std::move(*path), std::move(query)};
}

}  // namespace troika
