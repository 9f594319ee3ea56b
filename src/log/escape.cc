#include "log/escape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool is_plain(char c) noexcept { return ascii::is_graph(c) && c != '\\' && c != '"'; }

// The part that needs no escape, which is moved from the front of `rest` to `to`.
template <class Plain>
void append_plain(std::string& to, std::string_view& rest, Plain plain) {
  const auto end = std::ranges::find_if_not(rest, plain);
  const auto size = static_cast<std::size_t>(end - rest.begin());
  to.append(rest.substr(0, size));
  rest.remove_prefix(size);
}

void append_unit(std::string& to, std::uint32_t unit) {
  to += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) to.push_back(kHex[unit >> shift & 15U]);
}

// One character of UTF-8, which is removed from `rest`.
std::uint32_t take_character(std::string_view& rest) noexcept {
  constexpr std::uint32_t kReplacement = 0xfffd;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(rest[i]); };
  const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  std::uint32_t character = kReplacement;
  std::size_t taken = 1;
  if (size <= rest.size() && is_utf8(rest.substr(0, size))) {
    character = size == 1 ? byte(0) : byte(0) & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) character = character << 6U | (byte(i) & 0x3fU);
    taken = size;
  }
  rest.remove_prefix(taken);
  return character;
}

}  // namespace

void append_number(std::string& to, std::uint64_t number, std::size_t least_digits) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  const auto count = static_cast<std::size_t>(end - digits.begin());
  if (count < least_digits) to.append(least_digits - count, '0');
  to.append(digits.begin(), end);
}

void append_milliseconds(std::string& to, Duration duration) {
  const auto us =
      static_cast<std::uint64_t>(std::chrono::round<std::chrono::microseconds>(duration).count());
  append_number(to, us / 1000);
  to.push_back('.');
  append_number(to, us % 1000, 3);
}

void append_hex_escaped(std::string& to, std::string_view text, std::size_t most, Spaces spaces) {
  if (text.empty()) to.push_back('-');
  const auto plain = [spaces](char c) {
    return is_plain(c) || (c == ' ' && spaces == Spaces::plain);
  };
  for (std::string_view rest = text.substr(0, most); !rest.empty();) {
    append_plain(to, rest, plain);
    if (rest.empty()) break;
    const auto byte = static_cast<unsigned char>(rest.front());
    to.append("\\x").push_back(kHex[byte >> 4U]);
    to.push_back(kHex[byte & 15U]);
    rest.remove_prefix(1);
  }
  if (text.size() > most) to += "...";
}

void append_json_escaped(std::string& to, std::string_view text, std::size_t most) {
  std::string_view rest = text.substr(0, most);
  while (!rest.empty()) {
    append_plain(to, rest, [](char c) { return is_plain(c) || c == ' '; });
    if (rest.empty()) break;
    if (rest.front() == '"' || rest.front() == '\\') {
      to.append("\\").push_back(rest.front());
      rest.remove_prefix(1);
      continue;
    }
    const std::uint32_t character = take_character(rest);
    if (character < 0x10000) {
      append_unit(to, character);
    } else {  // RFC 8259 §7: as a pair of surrogates
      append_unit(to, 0xd800 + ((character - 0x10000) >> 10U));
      append_unit(to, 0xdc00 + ((character - 0x10000) & 0x3ffU));
    }
  }
  if (text.size() > most) to += "...";
}

void append_json_text(std::string& to, std::string_view text, std::size_t most) {
  to.push_back('"');
  append_json_escaped(to, text, most);
  to.push_back('"');
}

}  // namespace troika
