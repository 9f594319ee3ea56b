#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "tools/cli/stop.h"
#include "tools/network/path.h"

namespace troika::link {

struct Options {
  network::PathOptions up, down;  // from the client to the server, and back
  std::string server, client;     // commands of the shell; no server: only a client runs
  std::string tcp;                // congestion control of both ends; empty: as the system has it
  std::uint64_t seed = 1;
  Duration length = std::chrono::minutes(10);
  // Limits for what is on its way, beyond those of the paths; more is dropped.
  std::size_t most_waiting = 100'000, most_waiting_bytes = 256U << 20U;
};

// Without the program's name.
std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words);

}  // namespace troika::link
