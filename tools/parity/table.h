#pragma once
// Reads the tables that README.md describes.
#include <filesystem>

#include "base/error.h"
#include "tools/parity/ask.h"

namespace troika::parity {

struct FieldRule {
  enum class Kind : std::uint8_t { exactly, once, absent, member } kind;
  std::string name;     // in lower case
  std::string value{};  // with its {placeholders}
  bool operator==(const FieldRule&) const = default;
};

struct BodyRule {
  enum class Kind : std::uint8_t { text, empty, file, decoded, contains, lacks, order, parts } kind;
  std::string text{};                // of text, contains and lacks; escapes are resolved
  std::vector<std::string> texts{};  // of order; likewise
  std::string file{};                // of file, decoded and parts
  std::string coding{};              // of decoded
  std::string type{};                // of parts: the Content-Type of each
  // First and last byte: of parts each one, of file at most one.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges{};
  bool operator==(const BodyRule&) const = default;
};

struct Row {
  std::string file;  // the table's name, without its ending
  int line = 0;
  std::string section, profile, title;
  bool once = false;  // over one protocol is enough
  Ask ask;            // its values with their {placeholders}
  std::uint16_t status = 0;
  std::vector<FieldRule> fields{};
  std::vector<BodyRule> bodies{};

  std::string place() const { return file + ".table:" + std::to_string(line); }
};

// Errors begin with "file:line: ".
Checked<std::vector<Row>> read_table(const std::string& name, std::string_view text);
// Every *.table of a folder, by name.
Checked<std::vector<Row>> read_tables(const std::filesystem::path& folder);

}  // namespace troika::parity
