#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "config/config.h"

namespace troika {

// The values of one option as they were written, in their order; a flag has none.
using Values = std::span<const std::string>;

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

// What has to fit together, once all options are read. The error is one sentence.
Checked<void> check_together(const Config& config);

}  // namespace troika
