#include "loop/signals.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>

#include "os/fd.h"

namespace troika {
namespace {

constexpr unsigned kPatience = 5;  // seconds after the second signal

// Everything that the handlers use, on whatever thread they run. It is lock-free, and they call
// only functions that signal-safety(7) allows.
std::atomic<int> wake = -1;  // an eventfd; -1: not serving yet
std::atomic<unsigned> stops = 0;
std::atomic<bool> reopen = false, reload = false, hung_up = false, shell_hung_up = false,
                  ending = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

// Set at start, then constant.
bool has_terminal = false;
bool hangups_ignored = false;  // nohup(1)
pid_t parent = 0, session = 0;

void notify() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  if (wake >= 0) static_cast<void>(!write(wake, &one, sizeof one));
  errno = saved;
}

void on_stop(int, siginfo_t*, void*) {
  if (wake < 0) _exit(0);
  const unsigned count = ++stops;
  if (count == 2) end_process_after(std::chrono::seconds(kPatience));
  if (count > 2) _exit(1);
  notify();
}

// The kernel signals the leader of the terminal's session, then the foreground process group. A
// shell passes the signal on to its jobs with kill(), which is also how an operator asks for a
// reload.
void on_hangup(int, siginfo_t* info, void*) {
  const bool of_kernel = info->si_code == SI_KERNEL;
  const bool of_shell = has_terminal && (info->si_pid == parent || info->si_pid == session);
  if (hangups_ignored || (!of_kernel && !of_shell)) {
    reload = true;
  } else if (of_kernel) {
    if (wake < 0) _exit(0);
    hung_up = true;
  } else {
    shell_hung_up = true;
  }
  notify();
}

void on_reopen(int, siginfo_t*, void*) {
  reopen = true;
  notify();
}

// A SIGALRM from another process is ignored, and so is an alarm that was set before exec.
void on_alarm(int, siginfo_t* info, void*) {
  if (ending && info->si_code == SI_KERNEL) _exit(1);
}

void handle(std::initializer_list<int> signals, void (*handler)(int, siginfo_t*, void*)) noexcept {
  struct sigaction action{};
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  action.sa_sigaction = handler;
  sigemptyset(&action.sa_mask);
  for (const int signal : signals) sigaction(signal, &action, nullptr);
}

// SIGPIPE: if a peer closes early, write() returns an error. SIGXFSZ: also if a file is too large.
void ignore_the_rest() noexcept {
  for (const int signal :
       {SIGPIPE, SIGXFSZ, SIGUSR2, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT}) {
    std::signal(signal, SIG_IGN);
  }
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) std::signal(signal, SIG_IGN);
}

// The controlling terminal, by the name that means the own one in every process.
int open_terminal() noexcept {
  return open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

}  // namespace

void catch_signals() noexcept {
  static bool caught = false;
  if (caught) return;
  caught = true;
  handle({SIGTERM, SIGINT, SIGQUIT}, on_stop);
  handle({SIGUSR1}, on_reopen);
  handle({SIGALRM}, on_alarm);
  ignore_the_rest();
  struct sigaction before{};
  sigaction(SIGHUP, nullptr, &before);
  hangups_ignored = before.sa_handler == SIG_IGN;
  has_terminal = static_cast<bool>(Fd(open_terminal()));
  parent = getppid();
  session = getsid(0);
  handle({SIGHUP}, on_hangup);
  // The signal mask is inherited as well.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
}

unsigned stops_caught() noexcept { return stops; }

void count_hangup_as_stop() noexcept {
  unsigned none = 0;
  stops.compare_exchange_strong(none, 1);
}

void end_process_after(std::chrono::seconds time) noexcept {
  const auto seconds = static_cast<unsigned>(time.count());
  const unsigned left = alarm(seconds);
  if (ending.exchange(true) && left != 0 && left < seconds) alarm(left);
}

Caught take_caught() noexcept {
  Caught taken{.reopen = reopen.exchange(false), .reload = reload.exchange(false)};
  if (shell_hung_up.exchange(false)) taken.hangup = Hangup::of_shell;
  if (hung_up.exchange(false)) taken.hangup = Hangup::of_terminal;
  return taken;
}

bool terminal_is_gone() noexcept {
  const Fd terminal(open_terminal());
  return !terminal && (errno == ENXIO || errno == EIO);
}

// Never closed: a handler may be about to write to it.
int descriptor_of_caught() {
  if (wake < 0) {
    const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    required(fd < 0 ? -errno : 0);
    wake = fd;
  }
  return wake;
}

namespace {

constexpr Duration kSecondLook = std::chrono::seconds(1);

}  // namespace

Signals::Signals(Loop& loop, OnWish on_wish)
    : loop_(loop),
      on_wish_(std::move(on_wish)),
      told_(stops_caught()),
      poll_(make_own_poll(loop, descriptor_of_caught(), this)),
      second_look_(loop.timers(), [this] {
        if (terminal_is_gone()) count_hangup_as_stop();
        look_for_stop();
      }) {
  must(uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    static_cast<Signals*>(handle->data)->on_caught();
  }));
}

void Signals::on_caught() {
  std::uint64_t count = 0;
  static_cast<void>(!read(descriptor_of_caught(), &count, sizeof count));
  const Caught caught = take_caught();
  const bool from_shell = caught.hangup == Hangup::of_shell;
  const bool ended = from_shell ? terminal_is_gone() : caught.hangup == Hangup::of_terminal;
  if (ended) count_hangup_as_stop();
  if (from_shell && !ended) second_look_.set(loop_.clock().now() + kSecondLook);
  if (caught.reopen) on_wish_(Wish::reopen_logs);
  if (caught.reload || (from_shell && !ended)) on_wish_(Wish::reload);
  look_for_stop();
}

void Signals::look_for_stop() {
  for (const unsigned now = std::min(stops_caught(), 2U); told_ < now;) {
    on_wish_(++told_ == 1 ? Wish::stop : Wish::stop_at_once);
  }
}

}  // namespace troika
