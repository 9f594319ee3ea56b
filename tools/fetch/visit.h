#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "ports/transport.h"
#include "tools/fetch/options.h"

namespace troika::fetch {

struct Answer {
  std::string path;
  std::uint16_t status = 0;
  std::uint64_t bytes = 0;
  std::string sha256;    // hexadecimal
  double seconds = 0.0;  // from its request to its end
};

struct Outcome {
  std::vector<Answer> answers;  // in the order of the requests
  SecurityInfo security;
  double seconds = 0.0;  // from the start of the connection to the end of the last response
  unsigned key_updates = 0, moves = 0;
};

// Makes all requests on one connection. The error is one sentence.
Checked<Outcome> visit(const Options& options);

}  // namespace troika::fetch
