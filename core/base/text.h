#pragma once
#include <algorithm>
#include <array>
#include <bit>
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

// Many bytes at a time, for the fields of requests, which are looked at on each request. The last
// load overlaps the one before it.
namespace detail {

// A vector of GCC and clang, whose comparisons give -1 for true.
using Block = unsigned char __attribute__((vector_size(16)));
using Marks = signed char __attribute__((vector_size(16)));
inline Block load_block(const char* at) noexcept {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return block;
}
inline Marks controls(Block block) noexcept { return (block < 0x20) | (block == 0x7f); }
inline bool any(Marks marks) noexcept {
  const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(marks);
  return (words[0] | words[1]) != 0;
}

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHighs = 0x8080'8080'8080'8080;

inline std::uint64_t load(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}
// All bytes of a text of up to eight, some of them twice.
inline std::uint64_t load_short(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return std::uint64_t{static_cast<std::uint8_t>(text[i])};
  };
  if (text.size() >= sizeof(std::uint32_t)) {
    std::uint32_t first = 0, last = 0;
    std::memcpy(&first, text.data(), sizeof first);
    std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
    return first | std::uint64_t{last} << 32U;
  }
  if (text.empty()) return 0;
  return byte(0) | byte(text.size() / 2) << 8U | byte(text.size() - 1) << 16U;
}
// All bytes of a text of less than sixteen, and zeros if it has less than four.
inline Block load_short_block(std::string_view text) noexcept {
  std::array<std::uint64_t, 2> words{};
  if (text.size() < sizeof(std::uint64_t)) {
    words[0] = words[1] = load_short(text);
  } else {
    const char* const at = text.data();
    words = {load(at), load(at + text.size() - sizeof(std::uint64_t))};
  }
  return std::bit_cast<Block>(words);
}
constexpr std::uint64_t lower(std::uint64_t word) noexcept {
  const std::uint64_t low = word & ~kHighs;  // sums of these stay within their bytes
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes, above_z = low + (0x7f - 'Z') * kOnes;
  return word | (((from_a ^ above_z) & ~word & kHighs) >> 2U);
}

}  // namespace detail

// All of it is_text_char().
inline bool is_text(std::string_view text) noexcept {
  constexpr std::size_t kBlock = sizeof(detail::Block);
  if (text.size() < kBlock) {
    return !detail::any(detail::controls(detail::load_short_block(text))) ||
           std::ranges::all_of(text, is_text_char);
  }
  const char* const last = text.data() + text.size() - kBlock;
  detail::Marks controls = detail::controls(detail::load_block(last));
  for (const char* at = text.data(); at < last; at += kBlock) {
    controls |= detail::controls(detail::load_block(at));
  }
  return !detail::any(controls) || std::ranges::all_of(text, is_text_char);  // it may be a tab
}
// Whether the text, in lower case, is the other one.
inline bool equal_lower(std::string_view text, std::string_view lower) noexcept {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (text.size() != lower.size()) return false;
  if (text.size() < kWord) {
    return detail::lower(detail::load_short(text)) == detail::load_short(lower);
  }
  const auto equal = [&](std::size_t at) {
    return detail::lower(detail::load(text.data() + at)) == detail::load(lower.data() + at);
  };
  for (std::size_t at = 0; at + kWord < text.size(); at += kWord) {
    if (!equal(at)) return false;
  }
  return equal(text.size() - kWord);
}
inline bool is_lower(std::string_view text) noexcept { return equal_lower(text, text); }
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

constexpr bool is_trimmed(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  return text.empty() || (!is_space(text.front()) && !is_space(text.back()));
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
