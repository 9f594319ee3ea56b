#pragma once
#include <span>
#include <string>
#include <variant>

#include "config/config.h"
#include "config/options.h"

namespace troika {

// A command that needs no server: print the text and leave.
struct PrintAndExit {
  std::string text;
  int code = 0;  // not 0: the text is an error, one sentence
};

// `version`: what --version prints. `table`: the options that there are.
std::variant<Config, PrintAndExit> parse_command_line(int argc, char** argv,
                                                      const std::string& version,
                                                      std::span<const Option> table = options());

}  // namespace troika
