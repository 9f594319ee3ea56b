#include "os/user.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/text.h"

namespace troika {

Checked<User> find_user(const std::string& name, uid_t running) {
  std::vector<char> texts(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = ERANGE;
  while (error == ERANGE && texts.size() <= (1U << 20U)) {
    texts.resize(2 * texts.size());
    error = getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found);
  }
  if (found == nullptr) {
    return std::unexpected(formatted(
        "--user {0}: this machine has no user \"{0}\"{1}; create it, or give another name", name,
        error == 0 ? "" : formatted(" ({})", std::strerror(error))));
  }
  if (entry.pw_uid == 0) {
    return std::unexpected(
        formatted("--user {} would keep root's rights: give a user without rights of its own, such "
                  "as www-data",
                  name));
  }
  if (running != 0) {
    return std::unexpected(
        formatted("--user {0} works only when root starts the server: start it as root, or as {0} "
                  "without --user",
                  name));
  }
  return User{name, entry.pw_uid, entry.pw_gid};
}

namespace {

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

// glibc has no functions for them. They are the calling thread's.
bool keep_low_ports_only() noexcept {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  Capabilities now{};
  if (syscall(SYS_capget, &header, now.data()) != 0) return false;
  constexpr __u32 kLowPorts = 1U << CAP_NET_BIND_SERVICE;
  Capabilities kept{};
  kept[0].permitted = kept[0].effective = now[0].permitted & kLowPorts;
  return syscall(SYS_capset, &header, kept.data()) == 0;
}

}  // namespace

Checked<void> become(const User& user) {
  const bool done = initgroups(user.name.c_str(), user.gid) == 0 &&
                    prctl(PR_SET_KEEPCAPS, 1) == 0 &&
                    setresgid(user.gid, user.gid, user.gid) == 0 &&
                    setresuid(user.uid, user.uid, user.uid) == 0 && keep_low_ports_only() &&
                    prctl(PR_SET_KEEPCAPS, 0) == 0;
  const int error = errno;
  protect_process();
  if (done) return {};
  return std::unexpected(
      formatted("cannot become the user {}: {}; let the container or service manager grant "
                "CAP_SETUID and CAP_SETGID, or start as that user without --user",
                user.name, std::strerror(error)));
}

void protect_process() noexcept {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0);
  // For a core_pattern that is a file; one that is a pipe goes by the above alone.
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &kNone);
}

}  // namespace troika
