#include "handlers/file_names.h"

#include <algorithm>

#include "base/text.h"

namespace troika {
namespace {

bool hidden_segment(std::string_view segment) noexcept {
  return (segment.starts_with('.') && segment != ".well-known") || segment.ends_with('~');
}

bool is_pchar(char c) noexcept {  // RFC 3986 §3.3, without "%"
  return ascii::is_alpha(c) || ascii::is_digit(c) ||
         std::string_view("-._~!$&'()*+,;=:@").contains(c);
}

template <class Allowed>
std::string encode(std::string_view text, Allowed allowed) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (allowed(c)) {
      out.push_back(c);
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

}  // namespace

std::uint16_t refusal_of(const Request& request) noexcept {
  if (request.method == Method::other) return 501;
  return request.target.encoded_slash ? 400 : 0;
}

bool is_hidden(std::string_view path) noexcept {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (hidden_segment(path.substr(0, end))) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::string encode_path(std::string_view path) {
  return encode(path, [](char c) { return is_pchar(c) || c == '/'; });
}

std::string encode_query(std::string_view query) {
  return encode(query, [](char c) { return is_pchar(c) || c == '/' || c == '?' || c == '%'; });
}

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Unicode 15, table 3-7: the bytes that may follow a first byte.
struct Sequence {
  std::size_t more;           // bytes
  unsigned char least, most;  // of the first of them; the others are 0x80 to 0xBF
  unsigned char bits;         // of the first byte that belong to the character
};

Sequence sequence_of(unsigned char first) noexcept {
  if (first >= 0xC2 && first <= 0xDF) return {1, 0x80, 0xBF, 0x1F};
  if (first == 0xE0) return {2, 0xA0, 0xBF, 0x0F};
  if (first == 0xED) return {2, 0x80, 0x9F, 0x0F};  // no surrogates
  if (first >= 0xE1 && first <= 0xEF) return {2, 0x80, 0xBF, 0x0F};
  if (first == 0xF0) return {3, 0x90, 0xBF, 0x07};
  if (first >= 0xF1 && first <= 0xF3) return {3, 0x80, 0xBF, 0x07};
  if (first == 0xF4) return {3, 0x80, 0x8F, 0x07};
  return {0, 0, 0, 0};
}

// The beginning of a text: a code point, or U+FFFD for a maximal subpart.
struct Character {
  char32_t point;
  std::size_t bytes;
};

Character first_character(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1};
  auto [more, least, most, bits] = sequence_of(first);
  if (more == 0) return {0xFFFD, 1};
  char32_t point = first & bits;
  for (std::size_t i = 1; i <= more; ++i) {
    const auto next = static_cast<unsigned char>(i < text.size() ? text[i] : '\0');
    if (next < least || next > most) return {0xFFFD, i};
    point = point << 6U | (next & 0x3FU);
    least = 0x80;
    most = 0xBF;
  }
  return {point, more + 1};
}

bool is_displayed(char32_t point) noexcept {
  const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  const bool turns = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  return !control && !turns && point != 0xFFFD;
}

}  // namespace

void append_html(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto [point, bytes] = first_character(text);
    switch (point) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += is_displayed(point) ? text.substr(0, bytes) : kReplacement;
    }
    text.remove_prefix(bytes);
  }
}

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto [point, bytes] = first_character(text);
    if (point == '"' || point == '\\') {
      out.push_back('\\');
      out.push_back(text.front());
    } else if (point < 0x20) {
      out += formatted("\\u{:04x}", static_cast<unsigned>(point));
    } else if (point == 0xFFFD) {
      out += kReplacement;
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  out.push_back('"');
}

}  // namespace troika
