#include "http/message/trace_context.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::size_t kLength = 55;  // of a traceparent of version 00
constexpr std::size_t kMostMembers = 32, kMostOfPart = 256;

constexpr bool is_hex(std::string_view text) noexcept {
  return std::ranges::all_of(text,
                             [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'f'); });
}
constexpr bool is_zero(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

constexpr bool is_lower_or_digit(char c) noexcept {
  return ascii::is_digit(c) || (c >= 'a' && c <= 'z');
}
bool valid_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= kMostOfPart && is_lower_or_digit(key.front()) &&
         std::ranges::all_of(key, [](char c) {
           return is_lower_or_digit(c) || std::string_view("_-*/@").contains(c);
         });
}
bool valid_value(std::string_view value) noexcept {
  return !value.empty() && value.size() <= kMostOfPart && value.back() != ' ' &&
         std::ranges::all_of(value,
                             [](char c) { return (c == ' ' || ascii::is_graph(c)) && c != '='; });
}

}  // namespace

bool valid_traceparent(std::string_view text) noexcept {
  if (text.size() < kLength) return false;
  const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32),
                         parent = text.substr(36, 16), flags = text.substr(53, 2);
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(flags)) return false;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return false;
  return text.size() == kLength || (version != "00" && text[kLength] == '-');
}

bool valid_tracestate(std::string_view text) noexcept {
  std::array<std::string_view, kMostMembers> keys;
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view member = ascii::trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == member.npos || count == kMostMembers) return false;
    const std::string_view key = member.substr(0, equals);
    const bool again = std::ranges::contains(keys.begin(), keys.begin() + count, key);
    if (again || !valid_key(key) || !valid_value(member.substr(equals + 1))) return false;
    keys[count++] = key;
  }
  return true;
}

void clean_trace_context(HeaderMap& fields) {
  const bool traced =
      fields.count("traceparent") == 1 && valid_traceparent(fields.get("traceparent").value_or(""));
  if (!traced) fields.remove("traceparent");
  const std::size_t lines = fields.count("tracestate");
  if (lines == 0) return;
  std::string state;
  for (const HeaderMap::Field field : fields) {
    if (field.name != "tracestate") continue;
    state.append(state.empty() ? "" : ",").append(field.value);
  }
  if (!traced || !valid_tracestate(state)) {
    fields.remove("tracestate");
  } else if (lines > 1) {
    fields.set("tracestate", state);
  }
}

}  // namespace troika
