#pragma once
#include <string>
#include <vector>

#include "base/error.h"
#include "config/options.h"

namespace troika {

// Options of QUIC, as they were written.
struct RawQuic {
  std::vector<std::string> preferred;
  std::string qlog_only;
};

// Reads them into `options`. The error is one sentence.
Checked<void> complete_quic(const RawQuic& raw, ServeOptions& options);

}  // namespace troika
