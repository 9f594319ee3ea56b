#include "http/message/fields.h"

#include <algorithm>

#include "base/text.h"

namespace troika {

void HeaderMap::add(std::string_view name, std::string_view value) {
  const auto at = static_cast<std::uint32_t>(text_.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  for (const char c : name) text_.push_back(ascii::lower(c));
  text_.append(value);
  entries_.push_back({at, name_size, at + name_size, static_cast<std::uint32_t>(value.size())});
}

void HeaderMap::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void HeaderMap::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& e) {
    return std::string_view(text_).substr(e.name_at, e.name_size) == name;
  });
}

HeaderMap::Field HeaderMap::operator[](std::size_t i) const noexcept {
  const Entry& e = entries_[i];
  const char* text = text_.data();
  return {{text + e.name_at, e.name_size}, {text + e.value_at, e.value_size}};
}

std::optional<std::string_view> HeaderMap::get(std::string_view name) const noexcept {
  for (const Field field : *this) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::size_t HeaderMap::count(std::string_view name) const noexcept {
  std::size_t n = 0;
  for (const Field field : *this) n += field.name == name ? 1U : 0U;
  return n;
}

namespace {

// RFC 9110 §12.4.2: "0" or "1" with at most three decimals, and a value of at most 1.
std::optional<unsigned> parse_qvalue(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  unsigned value = text[0] == '1' ? 1000 : 0;
  unsigned unit = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (!ascii::is_digit(c)) return std::nullopt;
    value += static_cast<unsigned>(c - '0') * unit;
    unit /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string_view take_piece(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted && c == '\\') {
      ++i;
    } else if (!quoted && c == separator) {
      break;
    }
  }
  const std::string_view piece = rest.substr(0, i);
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return ascii::trim(piece);
}

std::optional<WeightedItem> parse_weighted(std::string_view member) noexcept {
  WeightedItem item{.name = take_piece(member, ';')};
  bool weighed = false;
  while (!member.empty()) {
    const std::string_view parameter = take_piece(member, ';');
    if (parameter.empty()) continue;
    const std::size_t name_size = std::min(parameter.find('='), parameter.size());
    const std::string_view name = parameter.substr(0, name_size);
    // "q =0" is malformed, not an unknown parameter: it may be meant as a refusal.
    if (!ascii::equal_ignoring_case(ascii::trim(name), "q")) {
      item.has_parameters = true;
      continue;
    }
    if (weighed || name.size() != 1 || name_size == parameter.size()) return std::nullopt;
    const auto quality = parse_qvalue(parameter.substr(name_size + 1));
    if (!quality) return std::nullopt;
    item.quality = *quality;
    weighed = true;
  }
  return item;
}

bool valid_field_value(std::string_view value) noexcept {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace troika
