#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/config.h"

namespace troika {

// One option of the command line. Adding one is a row in the table of options.cc, and the place in
// the tree where its value goes.
struct Option {
  // As in the help; those of files and fields need a folder.
  enum class Group : std::uint8_t { hidden, files, fields, addresses, certificate, process };
  enum class Repeat : bool { no, yes };

  std::string_view name;         // "--cache"
  std::string_view placeholder;  // "GLOB=RULE"; empty: a flag
  Group group = Group::process;
  std::string_view help;  // at most 49 characters, to fit a line
  // Puts the values into the tree; called only for an option that is given, in the order of the
  // table. The error says what is wrong with a value, without the option's name.
  Checked<void> (*read)(Config& config, Values values);
  Repeat repeat = Repeat::no;
};

std::span<const Option> options() noexcept;  // in the order of the help

// An option of a command line, with its values as they were written.
struct GivenOption {
  const Option* option;
  std::vector<std::string> values;
};

// What was written behind "serve".
struct CommandLine {
  std::string folder{};                // DIR; empty: none
  std::string file{};                  // of --config; empty: none
  std::vector<GivenOption> options{};  // in the order of their table
};

// The configuration of a command line without --config. The error is one sentence.
Checked<Config> config_of(const CommandLine& line);
// Whether an option is about files: it needs a folder, and cannot be beside a file of --config.
bool is_of_folder(const Option& option) noexcept;
// What has to fit together, once all options are read. The error is one sentence.
Checked<void> check_together(const Config& config);

}  // namespace troika
