#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "runtime/worker.h"

namespace troika {

// What the process counts beside its workers.
struct ProcessCounts {
  WallTime started{};
  ConnectionCounts connections{};
  unsigned generation = 1;
  std::uint64_t reloads_done = 0, reloads_failed = 0;
  WallTime last_reload{};  // the last that was done, or the start
  bool last_reload_done = true;
  std::uint64_t log_lines_dropped = 0;
  bool draining = false;
};

// As Prometheus takes it (text format 0.0.4). How many series there are does not depend on clients.
std::string metrics_text(const std::vector<WorkerCounts>& workers, const ProcessCounts& process);

}  // namespace troika
