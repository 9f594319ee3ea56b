#include "tools/link/processes.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace troika::link {
namespace {

sigset_t watched() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

int code_of(int status) noexcept {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// So that ps and pkill see what runs inside, and nothing else.
bool mount_proc() noexcept {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

int wait_for(pid_t pid, const sigset_t& set) {
  for (;;) {
    const int signal = ::sigwaitinfo(&set, nullptr);
    if (signal < 0) continue;
    if (signal != SIGCHLD) {
      ::kill(pid, SIGTERM);
      continue;
    }
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) return code_of(status);
  }
}

}  // namespace

Checked<int> run_inside(const std::function<int()>& inside) {
  const sigset_t set = watched();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  if (::unshare(CLONE_NEWPID) != 0) {
    return std::unexpected(errno == EPERM
                               ? "it needs root, for namespaces of its own"
                               : std::string("no namespace can be made: ") + std::strerror(errno));
  }
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(std::string("fork failed: ") + std::strerror(errno));
  if (pid > 0) return wait_for(pid, set);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!mount_proc()) return std::unexpected("/proc cannot be mounted for the programs inside");
  return inside();
}

Checked<pid_t> start(const std::string& command, int space, Group group) {
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(std::string("fork failed: ") + std::strerror(errno));
  if (pid > 0) return pid;
  const sigset_t set = watched();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  if (group == Group::own) {
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
  }
  if (::setns(space, CLONE_NEWNET) != 0) ::_exit(126);
  ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  ::_exit(127);
}

Children::Children(Loop& loop, OnEnd on_end, std::move_only_function<void()> on_stop)
    : on_end_(std::move(on_end)), on_stop_(std::move(on_stop)) {
  const sigset_t set = watched();
  signals_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  required(signals_ ? 0 : -errno);
  poll_ = make_own_poll(loop, signals_.get(), this);
  must(uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    static_cast<Children*>(handle->data)->on_readable();
  }));
}

void Children::on_readable() {
  signalfd_siginfo info{};
  bool stop = false;
  while (uninterrupted([&] { return ::read(signals_.get(), &info, sizeof info); }) == sizeof info) {
    stop = stop || info.ssi_signo != SIGCHLD;
  }
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) on_end_(pid, code_of(status));
  if (stop) on_stop_();
}

}  // namespace troika::link
