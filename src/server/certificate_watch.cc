#include "server/certificate_watch.h"

#include "server/worker_group.h"

namespace troika {

CertificateWatch::CertificateWatch(Loop& loop, Duration every, CertificateKeeper keeper,
                                   WorkerGroup& workers, Say say)
    : loop_(loop),
      every_(every),
      keeper_(std::move(keeper)),
      workers_(workers),
      say_(std::move(say)),
      timer_(loop.timers(), [this] { look(); }) {
  timer_.set(loop.clock().now() + every);
}

void CertificateWatch::look() {
  const auto seen = keeper_.look();
  if (seen.changed != nullptr) workers_.use_certificates(*seen.changed);
  for (const std::string& line : seen.lines) say_(line);
  timer_.set(loop_.clock().now() + every_);
}

}  // namespace troika
