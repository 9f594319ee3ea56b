#pragma once
#include "config/options.h"

namespace troika {

// Serves until SIGINT or SIGTERM. Returns the exit code; what goes wrong at start is printed to
// standard error as one sentence.
int run_server(const ServeOptions& options);

}  // namespace troika
