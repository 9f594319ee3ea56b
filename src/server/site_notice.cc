#include "server/site_notice.h"

#include <format>

namespace troika {

void SiteNotice::say(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  if (!say_ || said_.size() >= kMost || !said_.insert(sentence).second) return;
  say_(sentence + " (said once)");
  if (said_.size() == kMost) {
    say_(std::format("files have given rise to {} notices: there are no more of them", kMost));
  }
}

}  // namespace troika
