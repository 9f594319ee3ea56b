#pragma once
// A worker on a thread of its own, listening on loopback, with a certificate from a folder of this
// process.
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "certs/dev_ca.h"
#include "runtime/worker.h"

namespace troika::rig {

const DevCertificate& test_certificate();

template <class T>
T must(Checked<T> value) {
  if (!value) throw std::runtime_error(value.error());
  return std::move(*value);
}

class LiveServer {
 public:
  using MakeSite = SnapshotSource::MakeSite;
  // `tweak` may change limits, timeouts and more before the worker is made.
  explicit LiveServer(MakeSite make_site, const std::function<void(WorkerConfig&)>& tweak = {});
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;
  ~LiveServer() { stop(); }

  Address address, plain;

  // Runs on the worker's thread, and waits for it.
  void on_worker(const std::function<void(Worker&)>& task);
  void begin_drain() {
    on_worker([](Worker& w) { w.drain(); });
  }
  // After begin_drain(): waits for its end. Says what is left; "" for nothing.
  std::string join();
  std::string drain() {
    begin_drain();
    return join();
  }
  void stop();

 private:
  Worker* worker_ = nullptr;
  std::string left_;
  std::thread thread_;
};

}  // namespace troika::rig
