#pragma once
#include <expected>
#include <vector>

#include "config/config.h"
#include "config/expand.h"
#include "config/findings.h"
#include "config/options.h"
#include "config/schema.h"
#include "config/source_files.h"

namespace troika {

struct ReadConfig {
  Config config;
  Findings findings;  // warnings
  Origins origins;
  std::vector<Expanded::Secret> secrets;  // that are part of values
};

// What `serve`, `check` and a reload make of a file.
//
// Reads the file of --config, those that it includes, and the options beside it, which take the
// place of the file's values. Reads files and variables, and nothing else: neither certificates nor
// folders. The error is all that is wrong, up to Findings::kMost.
std::expected<ReadConfig, Findings> read_config(
    const CommandLine& line, const Environment& environment = process_environment(),
    const FileLimits& limits = {});

// The configuration of a command line, with or without a file, as it is now. The error is one line:
// the first one with its place, and how many there are.
Checked<Config> read_again(const CommandLine& line);

}  // namespace troika
