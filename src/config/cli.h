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
  int code = 0;  // not 0: the text is an error, one sentence; those of a file have their lines
};

// `troika serve`. The configuration may be read again, by read_config() of the line.
struct ServeCommand {
  CommandLine line;
  Config config;
};

// `troika check FILE`.
struct CheckCommand {
  std::string file;
  enum class Form : bool { text, json } form = Form::text;
  enum class Warnings : bool { pass, fail } warnings = Warnings::pass;
};

// `troika config FILE`, or `troika config serve` and what may stand behind serve.
struct ConfigCommand {
  CommandLine line;
  enum class Comments : bool { none, origin } comments = Comments::none;
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
using Command = std::variant<ServeCommand, CheckCommand, ConfigCommand, BenchCommand,
                             ControlCommand, PrintAndExit>;
Command parse_command_line(int argc, char** argv, const std::string& version,
                           std::span<const Option> table = options());

}  // namespace troika
