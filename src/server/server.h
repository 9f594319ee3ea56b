#pragma once
#include <functional>
#include <string>

#include "base/error.h"
#include "config/config.h"

namespace troika {

// Reads the configuration again, as it is now. The error is what is wrong with it; called on any
// thread.
using ReadAgain = std::function<Checked<Config>()>;

// Serves until SIGINT or SIGTERM. `usual_control`: where to listen for commands when the
// configuration does not say; it is no error if that is not possible. Empty: nowhere. Returns the
// exit code; what goes wrong at start is printed to standard error as one sentence.
int run_server(const Config& config, const ReadAgain& read_again, const std::string& usual_control);

}  // namespace troika
