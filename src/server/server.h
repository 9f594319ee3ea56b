#pragma once
#include <string>

#include "config/options.h"
#include "server/startup.h"

namespace troika {

// The addresses, the folder, the certificates and three curl lines that can be pasted.
std::string banner(const Startup& startup);

// Serves until SIGINT or SIGTERM. Returns the exit code; start-up errors are printed to standard
// error as one sentence.
int run_server(const ServeOptions& options);

}  // namespace troika
