#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troika {

// An ordered list of fields that owns its text. Names are in lower case, as h2 and h3 require.
// Views into it are valid until it is changed or moved.
class HeaderMap {
 public:
  struct Field {
    std::string_view name, value;
  };

  void add(std::string_view name, std::string_view value);  // lower-cases the name
  void set(std::string_view name, std::string_view value);  // replaces all fields with this name
  void remove(std::string_view name);

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  Field operator[](std::size_t i) const noexcept;

  // The first field with this (lower-case) name.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept { return get(name).has_value(); }
  std::size_t count(std::string_view name) const noexcept;

  class Iterator {
   public:
    Iterator(const HeaderMap& map, std::size_t i) noexcept : map_(&map), i_(i) {}
    Field operator*() const noexcept { return (*map_)[i_]; }
    Iterator& operator++() noexcept {
      ++i_;
      return *this;
    }
    bool operator==(const Iterator& other) const noexcept { return i_ == other.i_; }

   private:
    const HeaderMap* map_;
    std::size_t i_;
  };
  Iterator begin() const noexcept { return {*this, 0}; }
  Iterator end() const noexcept { return {*this, size()}; }

 private:
  struct Entry {
    std::uint32_t name_at, name_size, value_at, value_size;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

// Removes the text up to and including the next separator from `rest`; returns it trimmed, without
// the separator. Separators in quoted strings (RFC 9110 §5.6.4) are skipped; an unclosed quote
// extends to the end.
std::string_view take_piece(std::string_view& rest, char separator) noexcept;

// A member of a list with quality values (RFC 9110 §12.4.2).
struct WeightedItem {
  std::string_view name;
  unsigned quality = 1000;      // thousandths
  bool has_parameters = false;  // other than q; their values are not examined
};
// Nothing when q is malformed or repeated.
std::optional<WeightedItem> parse_weighted(std::string_view member) noexcept;

// Calls visit(item) for the valid members of all fields with this name, in order.
template <typename Visit>
void for_each_weighted(const HeaderMap& headers, std::string_view name, Visit visit) {
  for (const HeaderMap::Field field : headers) {
    if (field.name != name) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view member = take_piece(rest, ',');
      if (member.empty()) continue;
      if (const auto item = parse_weighted(member)) visit(*item);
    }
  }
}

// RFC 9110 §5.5: no control bytes except tab; the caller handles leading and trailing white space.
bool valid_field_value(std::string_view value) noexcept;

}  // namespace troika
