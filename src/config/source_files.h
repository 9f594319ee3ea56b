#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "config/schema.h"

namespace troika {

// What is read of a configuration at most, whatever includes say.
struct FileLimits {
  std::size_t includes = 20'000;
  std::size_t bytes = 64U << 20U;  // of all files
  std::size_t routes = 1'000'000;  // of all sites, each with those that it shares
};

struct SourceFile {
  std::string folder;  // absolute
  TomlValue tree;
};

// The files of a configuration, before anything is made of their keys. The first one is that of
// --config, and its number in Written is 0.
//
// The file and those that it includes, in the order of their names. What cannot be read or is not
// TOML is an error, and then the only one.
std::vector<SourceFile> read_sources(const std::string& path, const Environment& environment,
                                     const FileLimits& limits, Findings& findings,
                                     std::vector<Expanded::Secret>& secrets);

}  // namespace troika
