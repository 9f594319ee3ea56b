#pragma once
#include <functional>
#include <string>

#include "server/certificate_keeper.h"
#include "uv/loop.h"

namespace troika {

class WorkerGroup;

// Looks at the certificates' files on a loop that serves nobody, and brings new ones to all
// workers.
class CertificateWatch {
 public:
  using Say = std::function<void(const std::string& line)>;

  // `every`: the time between two looks. The loop and the workers outlive it.
  CertificateWatch(Loop& loop, Duration every, CertificateKeeper keeper, WorkerGroup& workers,
                   Say say);

 private:
  void look();

  Loop& loop_;
  Duration every_;
  CertificateKeeper keeper_;
  WorkerGroup& workers_;
  Say say_;
  Timer timer_;
};

}  // namespace troika
