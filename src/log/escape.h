#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

// How parts of a line are written. What a peer sent is escaped, so that it can make neither another
// line nor another field, and a terminal that shows it only shows it. Nothing here allocates, but
// for `to` itself.
namespace troika {

// Bytes of one text of a peer before escaping; "..." stands for the rest.
inline constexpr std::size_t kLongestText = 2048, kLongestField = 1024;

void append_number(std::string& to, std::uint64_t number, std::size_t least_digits = 1);
// In milliseconds, with three decimals.
void append_milliseconds(std::string& to, Duration duration);

enum class Spaces : bool { escaped, plain };
// Printable ASCII without '"' and '\'; other bytes as \xNN. Of an empty text "-".
void append_hex_escaped(std::string& to, std::string_view text, std::size_t most, Spaces spaces);

// As the inside of a JSON string (RFC 8259 §7) in ASCII: other characters as \uNNNN, and each byte
// that is none of UTF-8 as U+FFFD.
void append_json_escaped(std::string& to, std::string_view text, std::size_t most);
// With its quotes.
void append_json_text(std::string& to, std::string_view text, std::size_t most = kLongestText);

// What is before '?'.
constexpr std::string_view without_query(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

}  // namespace troika
