#include "server/certificate_watch.h"

namespace troika {

CertificateWatch::CertificateWatch(Loop& loop, Duration every, Look look, SlowThread& thread,
                                   Use use, Say say)
    : loop_(loop),
      every_(every),
      look_(std::move(look)),
      thread_(thread),
      use_(std::move(use)),
      say_(std::move(say)),
      timer_(loop.timers(), [this] { this->look(); }) {
  timer_.set(loop.clock().now() + every);
}

void CertificateWatch::look() {
  thread_.post([this, look = look_] { return [this, seen = look()] { take(seen); }; });
}

void CertificateWatch::take(const CertificateKeeper::Seen& seen) {
  if (seen.changed != nullptr) use_(*seen.changed);
  for (const std::string& line : seen.lines) say_(line);
  timer_.set(loop_.clock().now() + every_);
}

}  // namespace troika
