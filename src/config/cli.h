#pragma once
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "config/options.h"

namespace troika {

// A command that needs no server: print the text and leave.
struct PrintAndExit {
  std::string text;
  int code = 0;  // not 0: the text is an error, one sentence
};

// `troika bench`, with the words after it, which belong to src/bench.
struct BenchCommand {
  std::vector<std::string_view> words;
};

// A word to a server that runs: `troika reload`, `troika status`.
struct ControlCommand {
  std::string word;
  std::string socket;  // a path; empty: the usual one
};

// `version`: what --version prints. `table`: the options of serve.
std::variant<Config, BenchCommand, ControlCommand, PrintAndExit> parse_command_line(
    int argc, char** argv, const std::string& version, std::span<const Option> table = options());

}  // namespace troika
