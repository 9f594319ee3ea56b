// With TROIKA_REFUSE_OPENAT2 in the environment, this program refuses itself openat2, as some
// sandboxes do: then the server opens files by its own walk.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

bool refuse_openat2() {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0 &&
         ::syscall(SYS_openat2, -1, nullptr, nullptr, 0) < 0 && errno == ENOSYS;
}

// Done before any thread is made, as each has a filter of its own.
[[maybe_unused]] const bool kRefused = [] {
  if (std::getenv("TROIKA_REFUSE_OPENAT2") == nullptr) return false;
  if (!refuse_openat2()) {
    std::fputs("openat2 cannot be refused here\n", stderr);
    std::exit(1);
  }
  return true;
}();

}  // namespace
