#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/worker.h"

namespace troika {

// The workers of a process, each on its own thread; passes datagrams from one to another.
// Everything may be called from any thread while the group lives.
class WorkerGroup {
 public:
  // Datagrams on their way to one worker; more are dropped, as by a full socket.
  static constexpr unsigned kMostForwarded = 1024;

  // `all_ended` is called once, on the thread of the worker that ends last. Throws
  // std::system_error when there are too few threads or descriptors; then nothing runs.
  WorkerGroup(std::vector<WorkerConfig> configs, std::move_only_function<void()> all_ended);
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;
  ~WorkerGroup();  // stops the running workers and waits for them

  std::size_t size() const noexcept { return members_.size(); }
  // Of all workers, as of the last turn of each: a worker that hangs does not block the call.
  ConnectionCounts connections() const noexcept;
  void drain();  // each ends when its requests in flight are done
  void stop();   // all of them end at once
  // Gives each worker a copy for TCP and QUIC, for handshakes that begin from then on.
  void use_certificates(const tls::CertificateSet& certificates);
  // Each worker makes a snapshot of its own, for requests whose head comes from then on.
  void use(const SnapshotSource& source);
  // One change for each worker, in their order.
  void use(std::vector<ListenerChange> changes);
  // Asks each worker without waiting; calls `done` on one of their threads, or on this one, once
  // all that have not ended have answered. One that hangs answers never.
  using Counted = std::function<void(std::vector<WorkerCounts> counts)>;
  void count(Counted done);
  // Calls `task` on each worker's thread, one after the other, and waits; skips workers that have
  // ended.
  void ask(const std::function<void(Worker&)>& task);

 private:
  struct Member {
    std::unique_ptr<Worker> worker;
    std::atomic<unsigned> forwarded = 0;  // datagrams on their way to it
    std::atomic<bool> ended = false;
    std::thread thread;
  };

  bool forward(unsigned to, const Datagram& datagram);
  void run(Member& member);
  void end();  // stops and joins the started ones

  TrimPace trims_;
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<std::size_t> running_;
  std::move_only_function<void()> all_ended_;
};

}  // namespace troika
