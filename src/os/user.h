#pragma once
#include <sys/types.h>

#include <string>

#include "base/error.h"

namespace troika {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The user of that name, for a process that runs as `running` and is to become it. The error is a
// sentence.
Checked<User> find_user(const std::string& name, uid_t running);

// From now on this process, with the threads that it makes later, is that user with its groups; no
// other thread may run yet. Of root's rights only the one to bind low ports stays, if there is one.
// Opened files and sockets stay. The error is a sentence.
Checked<void> become(const User& user);

// No core file of this process, no other process of its user that reads its memory, and no right
// from a program that it might start. Changing the user undoes it, but become() does it again.
void protect_process() noexcept;

}  // namespace troika
