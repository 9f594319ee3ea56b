#include "server/notices.h"

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace troika {

void RootNotice::look(const RootLook& look) {
  // These errors tell nothing about the folder.
  if (look.error == EMFILE || look.error == ENFILE || look.error == ENOMEM) return;
  const bool there = look.error == 0;
  const std::lock_guard lock(mutex_);
  // A look that overlapped with the one that found the change may have seen either state.
  if (there == there_ || look.begun < changed_) return;
  there_ = there;
  changed_ = look.ended;
  if (there) return operator_.say(formatted("the folder {} is available again", path_));
  operator_.say(
      formatted("the folder {} cannot be opened ({}): every request gets 404 until it is back",
                path_, std::strerror(look.error)));
}

void SiteNotice::say(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  if (said_.size() >= kMost || !said_.insert(sentence).second) return;
  operator_.say(sentence + " (reported once)");
  if (said_.size() == kMost) {
    operator_.say(formatted("{} notices about files: further ones are suppressed", kMost));
  }
}

}  // namespace troika
