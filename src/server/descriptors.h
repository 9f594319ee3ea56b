#pragma once
#include <cstddef>

#include "base/error.h"
#include "config/config.h"

namespace troika {

// What a server holds open before it has a client: all that `workers` threads need, with sockets
// for each address, and the logs. Files that are served and connections come on top.
std::size_t needed_descriptors(const Config& config, unsigned workers);

// Raises this process's limit as far as possible and returns how many more can be opened.
std::size_t available_descriptors();

// Leaves two thirds of what is over to connections and a third to files, and gives each worker its
// share of all that the process has. The error is a sentence: there are too few.
Checked<void> fit_limits(Config& config, unsigned workers, std::size_t available);

}  // namespace troika
