#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "http/message/field_names.h"

namespace troika {

// An ordered list of fields that owns its text. Names are in lower case, as h2 and h3 require.
// Views into it are valid until it is changed or moved.
class HeaderMap {
 public:
  struct Field {
    std::string_view name, value;
  };

  // Room for that many more, so that adding them does not allocate.
  void reserve(std::size_t fields, std::size_t bytes);
  void add(std::string_view name, std::string_view value);  // lower-cases the name
  void add(FieldName name, std::string_view value);         // not `other`
  void add(const HeaderMap& fields);
  void set(const FieldKey& name, std::string_view value);  // replaces all fields with this name
  void remove(const FieldKey& name);
  void pop_back();  // removes the last one; there must be one

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  Field operator[](std::size_t i) const noexcept {
    const Entry& e = entries_[i];
    const char* const name = text_.data() + e.at;
    return {{name, e.name_size}, {name + e.name_size, e.value_size}};
  }
  FieldName name(std::size_t i) const noexcept { return entries_[i].name; }
  // Whether it may be sent (RFC 9110 §5.1, §5.5), found out when it was added.
  bool is_valid(std::size_t i) const noexcept { return entries_[i].valid; }
  std::size_t text_size() const noexcept { return text_.size(); }  // bytes; at least those in use
  std::size_t held() const noexcept {                              // bytes of memory
    return text_.capacity() + entries_.capacity() * sizeof(Entry);
  }

  // The first field with this (lower-case) name.
  std::optional<std::string_view> get(const FieldKey& name) const noexcept;
  bool has(const FieldKey& name) const noexcept {
    return name.name == FieldName::other ? get(name).has_value() : may_have(name.name);
  }
  std::size_t count(const FieldKey& name) const noexcept;

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
    std::uint32_t at, name_size, value_size;  // the value follows the name
    FieldName name;
    bool valid;
  };

  static constexpr std::uint64_t bit(FieldName name) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(name);
  }
  // Whether there may be one. `other`: some of those that have no number.
  bool may_have(FieldName name) const noexcept { return (known_ & bit(name)) != 0; }
  bool is(const Entry& entry, const FieldKey& name) const noexcept {
    return entry.name == name.name && (name.name != FieldName::other || text(entry) == name.text);
  }
  void append(std::string_view name, std::string_view value, FieldName known, bool named);
  std::string_view text(const Entry& entry) const noexcept {
    return {text_.data() + entry.at, entry.name_size};
  }

  std::string text_;
  std::vector<Entry> entries_;
  std::uint64_t known_ = 0;  // a bit for each FieldName that is there
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
void for_each_weighted(const HeaderMap& headers, const FieldKey& name, Visit visit) {
  if (!headers.has(name)) return;
  for (const HeaderMap::Field field : headers) {
    if (field.name != name.text) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view member = take_piece(rest, ',');
      if (member.empty()) continue;
      if (const auto item = parse_weighted(member)) visit(*item);
    }
  }
}

// RFC 9110 §5.5: no control bytes except tab; the caller handles leading and trailing white space.
inline bool valid_field_value(std::string_view value) noexcept { return ascii::is_text(value); }

}  // namespace troika
