#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <format>
#include <string>
#include <string_view>

namespace troika::ascii {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }

constexpr int hex_value(char c) noexcept {  // -1: not a hex digit
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

namespace detail {

constexpr unsigned kToken = 1, kText = 2, kGraph = 4;
inline constexpr auto kClasses = [] {
  std::array<unsigned char, 256> classes{};
  for (unsigned i = 0; i < classes.size(); ++i) {
    const char c = static_cast<char>(i);
    const bool token =
        is_digit(c) || is_alpha(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
    const bool text = c == '\t' || (i >= 0x20 && i != 0x7f);
    const bool graph = i > 0x20 && i < 0x7f;
    classes[i] = static_cast<unsigned char>((token ? kToken : 0) | (text ? kText : 0) |
                                            (graph ? kGraph : 0));
  }
  return classes;
}();
constexpr bool is_of(char c, unsigned of) noexcept {
  return (kClasses[static_cast<unsigned char>(c)] & of) != 0;
}

}  // namespace detail

// RFC 9110 §5.6.2: tchar.
constexpr bool is_token_char(char c) noexcept { return detail::is_of(c, detail::kToken); }
// Visible ASCII.
constexpr bool is_graph(char c) noexcept { return detail::is_of(c, detail::kGraph); }
// RFC 9110 §5.5: what a field value consists of: no control byte but tab.
constexpr bool is_text_char(char c) noexcept { return detail::is_of(c, detail::kText); }
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

// Eight bytes at a time, for the fields of requests, which are looked at on each request.
namespace detail {

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHighs = 0x8080'8080'8080'8080;

inline std::uint64_t load(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}
// Not 0 if one of the bytes is below 0x20 or is 0x7f.
constexpr std::uint64_t controls(std::uint64_t word) noexcept {
  const std::uint64_t del = word ^ (0x7f * kOnes);
  return (((word - 0x20 * kOnes) & ~word) | ((del - kOnes) & ~del)) & kHighs;
}
constexpr std::uint64_t lower(std::uint64_t word) noexcept {
  const std::uint64_t low = word & ~kHighs;  // sums of these stay within their bytes
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes, above_z = low + (0x7f - 'Z') * kOnes;
  return word | (((from_a ^ above_z) & ~word & kHighs) >> 2U);
}

}  // namespace detail

// All of it is_text_char(). The last word overlaps the one before it.
inline bool is_text(std::string_view text) noexcept {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (text.size() < kWord) return std::ranges::all_of(text, is_text_char);
  const char* const last = text.data() + text.size() - kWord;
  std::uint64_t controls = detail::controls(detail::load(last));
  for (const char* at = text.data(); at < last; at += kWord) {
    controls |= detail::controls(detail::load(at));
  }
  return controls == 0 || std::ranges::all_of(text, is_text_char);  // it may be a tab
}
// Writes it in lower case, as many bytes; returns their end.
inline char* copy_lower(std::string_view text, char* to) noexcept {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (text.size() < kWord) return std::ranges::transform(text, to, lower).out;
  const auto copy = [&](std::size_t at) {
    const std::uint64_t word = detail::lower(detail::load(text.data() + at));
    std::memcpy(to + at, &word, kWord);
  };
  for (std::size_t at = 0; at + kWord < text.size(); at += kWord) copy(at);
  copy(text.size() - kWord);
  return to + text.size();
}

// RFC 9110 §5.6.3: optional white space at both ends removed.
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace troika::ascii

namespace troika {

// RFC 3629: only complete characters in the shortest form, no surrogates, none above U+10FFFF.
constexpr bool is_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t first = byte(i++);
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const std::size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (text.size() - i < more) return false;
    // The second byte's range excludes overlong forms, surrogates and values that are too high.
    const std::uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(i) < low || byte(i) > high) return false;
    for (std::size_t k = 1; k < more; ++k) {
      if (byte(i + k) < 0x80 || byte(i + k) > 0xbf) return false;
    }
    i += more;
  }
  return true;
}

// std::format, whose code is compiled once, in text.cc: otherwise each file that formats compiles
// all of it again, which takes longer than the file itself.
std::string vformatted(std::string_view text, std::format_args args);
void append_vformatted(std::string& to, std::string_view text, std::format_args args);
template <class... Args>
std::string formatted(std::format_string<Args...> text, Args&&... args) {
  return vformatted(text.get(), std::make_format_args(args...));
}
template <class... Args>
void append_formatted(std::string& to, std::format_string<Args...> text, Args&&... args) {
  append_vformatted(to, text.get(), std::make_format_args(args...));
}

}  // namespace troika
