#pragma once
#include <string>

#include "config/config.h"
#include "server/startup.h"

namespace troika {

// The addresses, the folder, the certificates and three curl lines that can be pasted.
std::string banner(const Startup& startup);

// Serves until SIGINT or SIGTERM. Returns the exit code; what goes wrong at start is printed to
// standard error as one sentence.
int run_server(const Config& config);

}  // namespace troika
