#pragma once
// The options that the programs of a bad network share.
#include <span>
#include <string>

#include "tools/cli/command_line.h"
#include "tools/cli/settings.h"
#include "tools/network/path.h"

namespace troika::network {

using PathSetting = cli::Setting<PathOptions>;
std::span<const PathSetting> path_settings() noexcept;

// As --NAME for both directions, and as --up-NAME and --down-NAME, which count more wherever they
// stand.
void add_path_option(CLI::App& app, const PathSetting& setting, const std::string& group,
                     PathOptions& up, PathOptions& down);

// What the path does, in words; "" when nothing.
std::string describe(const PathOptions& path);

}  // namespace troika::network
