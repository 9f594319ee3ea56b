#pragma once
#include <span>
#include <string>

#include "config/cli.h"
#include "config/config.h"
#include "config/expand.h"
#include "config/schema.h"

namespace troika {

// A configuration as TOML: all values in force, with the defaults, but without what is not set.
// Read again, it gives the same configuration:
// - paths are absolute, so that it may be read in another folder;
// - addresses that one word stood for are written as that word;
// - what came from a file by ${file:PATH} is written as that, since it may be a secret;
// - a site that has the routes of [[routes.NAME]] has them as its own.
// `origins`: where each value comes from, as comments; null: no comments.
//
// For people who want to see what the server would do, and for a command line that has grown too
// long (`troika config serve ...`).
std::string print_config(const Config& config, std::span<const Expanded::Secret> secrets,
                         const Origins* origins);

// `troika config`: the text, or the errors of the command line or the file. Reads the file as
// `serve` does, and nothing else: a configuration that cannot be served for lack of a certificate
// is printed all the same.
PrintAndExit run_config(const ConfigCommand& command);

}  // namespace troika
