#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/site_spec.h"

namespace troika {

struct TomlEntry;

// A configuration file as a tree, without the parser that made it. Owns all its text.
struct TomlValue {
  enum class Kind : std::uint8_t {
    text,
    integer,
    boolean,
    other,  // a fraction, a date or a time, which no key takes
    array,
    table
  };

  Kind kind = Kind::table;
  Written at{};                      // where the value begins; of a table, its header or first key
  std::string text{};                // of a text, without quotes; of a number, in decimal; "true"
  std::vector<TomlValue> items{};    // of an array
  std::vector<TomlEntry> entries{};  // of a table, in the order of the file
};

struct TomlEntry {
  std::string key;
  Written at;  // of the key
  TomlValue value;
};

struct TomlError {
  Written at;
  std::string sentence;
};

// Of one file: what its reader takes, so that a small file costs little (docs/configuration.md).
inline constexpr std::size_t kMostTomlBytes = 4U << 20U;
inline constexpr std::size_t kMostTomlDepth =
    16;  // parts of a key; and arrays and tables in each other

// `file` is the number that all positions get. The error is the first one.
std::expected<TomlValue, TomlError> parse_toml(std::string_view text, std::uint32_t file);

}  // namespace troika
