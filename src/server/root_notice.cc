#include "server/root_notice.h"

#include <cerrno>
#include <cstring>
#include <format>

namespace troika {

void RootNotice::look(const RootLook& look) {
  // These say nothing of the folder.
  if (look.error == EMFILE || look.error == ENFILE || look.error == ENOMEM) return;
  const bool there = look.error == 0;
  const std::lock_guard lock(mutex_);
  // A look that was under way while another worker found the change may have seen either.
  if (there == there_ || look.begun < changed_) return;
  there_ = there;
  changed_ = look.ended;
  if (!say_) return;
  if (there) return say_(std::format("the folder {} is there again", path_));
  say_(std::format("the folder {} cannot be opened ({}): nothing is found until it is back", path_,
                   std::strerror(look.error)));
}

}  // namespace troika
