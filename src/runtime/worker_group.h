#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/worker.h"

namespace troika {

// The workers of a process, each on a thread of its own, and the way for a datagram from one to
// another. Everything may be called from any thread while the group lives.
class WorkerGroup {
 public:
  // Datagrams on their way to one worker; beyond it they are dropped, as a full socket would.
  static constexpr unsigned kMostForwarded = 1024;

  // `all_ended` is called once, on the thread of the worker that ends last. Throws
  // std::system_error when there are too few threads or descriptors; nothing runs then.
  WorkerGroup(std::vector<WorkerConfig> configs, std::move_only_function<void()> all_ended);
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;
  ~WorkerGroup();  // stops what still runs, and waits for it

  std::size_t size() const noexcept { return members_.size(); }
  // Of all workers, each as of its last turn: one that hangs holds nobody up.
  std::size_t connections() const noexcept;
  void drain();  // all of them end when what is in flight is done
  void stop();   // all of them end at once
  // Each gets a copy for TCP and QUIC, for the handshakes that begin then.
  void use_certificates(const tls::CertificateSet& certificates);
  // Calls `task` on each worker's thread, one after the other, and waits; those that have ended are
  // left out.
  void ask(const std::function<void(Worker&)>& task);

 private:
  struct Member {
    std::unique_ptr<Worker> worker;
    std::atomic<unsigned> forwarded = 0;  // on their way
    std::atomic<bool> ended = false;
    std::thread thread;
  };

  bool forward(unsigned to, const Datagram& datagram);
  void run(Member& member);
  void end();  // of those that have begun

  TrimPace trims_;
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<std::size_t> running_;
  std::move_only_function<void()> all_ended_;
};

}  // namespace troika
