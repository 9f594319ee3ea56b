#pragma once
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "loop/loop.h"
#include "server/certificate_store.h"

namespace troika {

class WorkerGroup;

// Looks at the certificates' files on a thread of its own, which a disk that is gone may hold up
// for ever, and brings new ones to all workers from a loop that serves nobody.
class CertificateWatch {
 public:
  using Look = std::move_only_function<CertificateKeeper::Seen()>;  // a CertificateKeeper's
  using Say = std::function<void(const std::string& line)>;

  // `every`: the time between the end of a look and the next. The loop and the workers outlive it;
  // what `look` refers to lives as long as the process, since a look that does not come back is
  // left to itself.
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
