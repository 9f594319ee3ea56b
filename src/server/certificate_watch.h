#pragma once
#include <functional>
#include <memory>
#include <string>

#include "loop/loop.h"
#include "server/certificate_store.h"
#include "server/slow_thread.h"

namespace troika {

// Has the certificates' files looked at, again and again, and hands out new ones, on a loop that
// serves no clients.
class CertificateWatch {
 public:
  using Look = std::function<CertificateKeeper::Seen()>;  // CertificateKeeper::look()
  using Use = std::function<void(const tls::CertificateSet& changed)>;
  using Say = std::function<void(const std::string& line)>;

  // `every`: the time between the end of a look and the next. The loop and the thread outlive it;
  // `look` is called on the thread.
  CertificateWatch(Loop& loop, Duration every, Look look, SlowThread& thread, Use use, Say say);

 private:
  void look();
  void take(const CertificateKeeper::Seen& seen);

  Loop& loop_;
  Duration every_;
  Look look_;
  SlowThread& thread_;
  Use use_;
  Say say_;
  Timer timer_;
};

}  // namespace troika
