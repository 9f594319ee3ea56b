#pragma once
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "loop/loop.h"
#include "server/certificate_store.h"

namespace troika {

class WorkerGroup;

// Checks the certificates' files on its own thread, which a lost disk may block for ever, and gives
// new ones to all workers from a loop that serves no clients.
class CertificateWatch {
 public:
  using Look = std::move_only_function<CertificateKeeper::Seen()>;  // CertificateKeeper::look()
  using Say = std::function<void(const std::string& line)>;

  // `every`: the time between the end of a look and the next. The loop and the workers outlive it.
  // Objects that `look` refers to live as long as the process, since a look that does not return is
  // abandoned.
  CertificateWatch(Loop& loop, Duration every, Look look, WorkerGroup& workers, Say say);
  CertificateWatch(const CertificateWatch&) = delete;
  CertificateWatch& operator=(const CertificateWatch&) = delete;
  ~CertificateWatch();

 private:
  struct State;  // shared with the thread

  void take(const CertificateKeeper::Seen& seen);

  Loop& loop_;
  Duration every_;
  WorkerGroup& workers_;
  Say say_;
  std::shared_ptr<State> state_;
  Timer timer_;
  std::thread thread_;
};

}  // namespace troika
