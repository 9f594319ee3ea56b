#include "http/message/header_map.h"

#include "base/ascii.h"

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

}  // namespace troika
