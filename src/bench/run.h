#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "bench/options.h"
#include "bench/tally.h"
#include "ports/address.h"

namespace troika::bench {

// One sentence, unless all of them are of this machine or --i-own-this was given.
Checked<void> check_host(const Options& options, std::span<const Address> found);

// Loads the server until the plan is over or a signal requests the end. The error is one sentence.
Checked<Tally> measure(const Options& options);

// `troika bench`, with the words after it. Returns the exit code: 1 when nothing succeeded.
int run(std::span<const std::string_view> words);

}  // namespace troika::bench
