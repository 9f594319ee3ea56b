#include "http/message/fields.h"

#include <algorithm>

#include "base/text.h"

namespace troika {

void HeaderMap::reserve(std::size_t fields, std::size_t bytes) {
  entries_.reserve(entries_.size() + fields);
  text_.reserve(text_.size() + bytes);
}

// named: the name is one (RFC 9110 §5.1).
void HeaderMap::append(std::string_view name, std::string_view value, FieldName known, bool named) {
  const std::size_t at = text_.size();
  text_.resize_and_overwrite(at + name.size() + value.size(), [&](char* text, std::size_t size) {
    const bool is_lower = known != FieldName::other;
    char* const to = text + at;
    std::ranges::copy(value,
                      is_lower ? std::ranges::copy(name, to).out : ascii::copy_lower(name, to));
    return size;
  });
  entries_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size()), known,
                      named && valid_field_value(value)});
  known_ |= bit(known);
}

void HeaderMap::add(std::string_view name, std::string_view value) {
  const FieldName known = field_name(name);
  if (known != FieldName::other) return add(known, value);
  append(name, value, known, ascii::is_token(name));
}

void HeaderMap::add(FieldName name, std::string_view value) {
  append(text_of(name), value, name, true);
}

void HeaderMap::add(const HeaderMap& fields) {
  reserve(fields.size(), fields.text_.size());
  const auto shift = static_cast<std::uint32_t>(text_.size());
  text_.append(fields.text_);
  for (Entry entry : fields.entries_) {
    entry.at += shift;
    entries_.push_back(entry);
  }
  known_ |= fields.known_;
}

void HeaderMap::set(const FieldKey& name, std::string_view value) {
  remove(name);
  if (name.name != FieldName::other) return add(name.name, value);
  add(name.text, value);
}

void HeaderMap::remove(const FieldKey& name) {
  if (!may_have(name.name)) return;
  std::erase_if(entries_, [&](const Entry& entry) { return is(entry, name); });
  if (name.name != FieldName::other) known_ &= ~bit(name.name);
}

void HeaderMap::pop_back() {
  const Entry last = entries_.back();
  entries_.pop_back();
  text_.resize(last.at);
  if (last.name == FieldName::other) return;
  if (!std::ranges::contains(entries_, last.name, &Entry::name)) known_ &= ~bit(last.name);
}

std::optional<std::string_view> HeaderMap::get(const FieldKey& name) const noexcept {
  if (!may_have(name.name)) return std::nullopt;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (is(entries_[i], name)) return (*this)[i].value;
  }
  return std::nullopt;
}

std::size_t HeaderMap::count(const FieldKey& name) const noexcept {
  if (!may_have(name.name)) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const Entry& entry) { return is(entry, name); }));
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

}  // namespace troika
