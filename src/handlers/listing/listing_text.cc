#include "handlers/listing/listing_text.h"

#include <algorithm>
#include <chrono>
#include <format>

#include "handlers/responses.h"

namespace troika {
namespace {

// Unicode 15, table 3-7: what a first byte says of the bytes behind it.
struct Sequence {
  std::size_t more;           // bytes
  unsigned char least, most;  // of the first of them; of the others 0x80 to 0xBF
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

}  // namespace

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

std::string reference_to(const ListingEntry& entry) {
  if (entry.name.contains('\\')) return "";
  // The dot keeps "a:b" from being read as a scheme.
  std::string reference = "./" + encode_path(entry.name);
  if (entry.folder) reference.push_back('/');
  return reference;
}

std::string_view name_of(ListingQuery::Key key) noexcept {
  switch (key) {
    case ListingQuery::Key::size: return "size";
    case ListingQuery::Key::date: return "date";
    default: return "name";
  }
}

std::string format_utc(std::time_t seconds) {
  // Four digits of year are all that the format has.
  const std::chrono::sys_seconds moment{
      std::chrono::seconds(std::clamp<std::time_t>(seconds, -62'135'596'800, 253'402'300'799))};
  return std::format("{:%FT%TZ}", moment);
}

}  // namespace troika
