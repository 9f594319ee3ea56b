#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/fd.h"
#include "runtime/worker_group.h"
#include "server/metrics.h"

namespace troika {

// What the loop of the process tells of it, for whoever asks on another thread.
class ProcessBoard {
 public:
  ProcessCounts get() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  template <class Change>
  void set(Change change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
  }

 private:
  mutable std::mutex mutex_;
  ProcessCounts counts_;
};

// GET /metrics for Prometheus, /live (every worker's loop turns) and /ready (connections are
// welcome) for who watches over the process, without TLS, on a thread of its own.
class MetricsServer {
 public:
  struct Sources {
    std::function<void(WorkerGroup::Counted done)> count;  // of WorkerGroup
    std::function<ProcessCounts()> process;
    std::size_t workers = 0;
  };
  // A worker that has not answered after it hangs.
  static constexpr Duration kPatience = std::chrono::seconds(5);

  // `sockets`: bound, of TcpListener. What the sources refer to outlives it; they are called on its
  // thread.
  MetricsServer(std::vector<Fd> sockets, Sources sources);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  ~MetricsServer();

 private:
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
};

// Serves the pages; for a worker's loop.
std::unique_ptr<Handler> make_metrics_handler(const SiteServices& services,
                                              MetricsServer::Sources sources,
                                              Duration patience = MetricsServer::kPatience);

}  // namespace troika
