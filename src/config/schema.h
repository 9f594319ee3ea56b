#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "config/expand.h"
#include "config/findings.h"
#include "config/settings.h"
#include "config/toml_file.h"

namespace troika {

const Setting* find_setting(std::string_view key) noexcept;  // null: there is none
// Puts texts into the tree as the setting says, or else the option of the same meaning.
Checked<void> read_setting(const Setting& setting, Config& config, Values values);

// A key that a file has, with the texts that its setting reads.
struct Given {
  const Setting* setting;
  Written key;  // where it stands
  Texts texts;
  std::vector<Written> places;         // of the texts
  std::vector<std::string> variables;  // of the environment that are part of them
};

// What tables are read with; outlives their reading.
struct TableContext {
  Findings& findings;
  const Environment& environment;
  std::string folder;  // of the file, absolute: paths are relative to it
  std::vector<Expanded::Secret>& secrets;
};

// The keys of a table and of the plain tables in it, in the order of the file; `prefix` is the
// table's name with a dot, or empty. What belongs to no setting, or has the wrong type, becomes an
// error. Arrays of tables and [routes] are left to the caller.
std::vector<Given> read_table(const TomlValue& table, std::string_view prefix,
                              const TableContext& context);

// Puts them into the tree, in the order of the table of settings. What is wrong with a value
// becomes an error where it stands.
void apply(std::vector<Given> given, Config& config, Findings& findings);

// Where the values of a configuration come from, for `troika config --origin`: "FILE:LINE", with
// the variables of the environment that are part of it, or the option.
class Origins {
 public:
  // `table`: the header of the site, the route or the certificate; {} for the process's keys.
  void add(Written table, const Given& given, const Findings& findings);
  void add_option(const Option& option);
  // "default", if nothing was given.
  std::string of(Written table, std::string_view key) const;

 private:
  // The names of settings are static.
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::string_view>, std::string> all_;
};

// A setting's name in sentences: without the tables that a file has many of.
std::string_view short_name(std::string_view key) noexcept;

// The candidate that differs from the word by two letters at most; empty: none.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace troika
