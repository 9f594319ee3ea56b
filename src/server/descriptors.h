#pragma once
#include <cstddef>

#include "base/error.h"
#include "config/options.h"
#include "http/message/limits.h"

namespace troika {

// Descriptors that a server with `workers` threads has open without clients, including the sockets
// of each address and the logs. Connections and served files need more.
std::size_t needed_descriptors(const ServeOptions& options, const Limits& limits, unsigned workers);

// Raises this process's limit as far as possible and returns how many more can be opened.
std::size_t available_descriptors();

// Gives two thirds of the remaining descriptors to connections and a third to files, and sets each
// worker's share in `limits`. The error is one sentence: there are too few.
Checked<void> fit_limits(Limits& limits, const ServeOptions& options, unsigned workers,
                         std::size_t available);

}  // namespace troika
