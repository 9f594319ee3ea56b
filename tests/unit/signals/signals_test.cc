#include "loop/signals.h"

#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <functional>
#include <utility>

#include "unit/os/channels.h"

namespace troika {
namespace {

struct Pipe : test::Pipe {
  void tell(char letter) const { static_cast<void>(!::write(in.get(), &letter, 1)); }
  // 0: all who could tell something have ended.
  char hear() const {
    char letter = 0;
    return ::read(out.get(), &letter, 1) == 1 ? letter : '\0';
  }
};

// A process in a session of its own, so that no terminal but the test's own concerns it. It tells
// 'R' when it is ready, which is waited for.
class Child {
 public:
  explicit Child(const std::function<int(const Pipe&)>& run) : pid_(fork()) {
    if (pid_ == 0) {
      setsid();
      _exit(run(told_));
    }
    told_.in = Fd();
    REQUIRE(hear() == 'R');
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    code();
  }

  char hear() const { return told_.hear(); }
  void kill(int signal) const { REQUIRE(::kill(pid_, signal) == 0); }
  int code() {  // its exit code; minus the signal that killed it
    int status = 0;
    ended_ = waitpid(pid_, &status, 0) == pid_;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  Pipe told_;
  pid_t pid_;
  bool ended_ = false;
};

[[noreturn]] void hang(const Pipe& told) {
  told.tell('R');
  for (;;) pause();
}

// Tells 's', '!', 'r' and 'c' for what is asked of it, and ends when `last` is.
int serve(const Pipe& told, Signals::Wish last = Signals::Wish::stop_at_once) {
  catch_signals();
  Loop loop;
  const Signals signals(loop, [&](Signals::Wish wish) {
    using enum Signals::Wish;
    told.tell(wish == stop ? 's' : wish == reopen_logs ? 'r' : wish == reload ? 'c' : '!');
    if (wish == last) loop.stop();
  });
  told.tell('R');
  loop.run();
  return 0;
}

int hang_while_serving(const Pipe& told) {
  catch_signals();
  Loop loop;
  const Signals signals(loop, [](Signals::Wish) {});
  hang(told);
}

TEST_CASE("Until something is served, what asks for the end ends the process well") {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    Child child([](const Pipe& told) -> int {
      catch_signals();
      hang(told);
    });
    child.kill(signal);
    CHECK(child.code() == 0);
  }
}

TEST_CASE("What asks for the end before the loop runs is heard by it") {
  Child child([](const Pipe& told) {
    catch_signals();
    Loop loop;
    const Signals signals(loop, [&](Signals::Wish) { loop.stop(); });
    told.tell('R');
    std::raise(SIGTERM);
    loop.run();
    return 7;
  });
  CHECK(child.code() == 7);
}

TEST_CASE("SIGTERM, SIGINT and SIGQUIT ask for the end, and then for the end at once") {
  for (const int first : {SIGTERM, SIGINT, SIGQUIT}) {
    Child child([](const Pipe& told) { return serve(told); });
    child.kill(first);
    CHECK(child.hear() == 's');
    child.kill(SIGTERM);
    CHECK(child.hear() == '!');
    CHECK(child.code() == 0);
  }
}

// Three of a kind might be one to the kernel.
TEST_CASE("The third signal ends a process whose loop hangs, and so does an end that was set") {
  Child impatient(hang_while_serving);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) impatient.kill(signal);
  CHECK(impatient.code() == 1);

  Child patient([](const Pipe& told) {
    catch_signals();
    end_process_after(std::chrono::seconds(1));
    hang(told);
    return 0;
  });
  CHECK(patient.code() == 1);
}

TEST_CASE(
    "SIGUSR1 asks for new logs, SIGHUP for the configuration, and what asks for nothing is "
    "ignored") {
  Child child([](const Pipe& told) { return serve(told); });
  child.kill(SIGUSR1);
  CHECK(child.hear() == 'r');
  child.kill(SIGHUP);
  CHECK(child.hear() == 'c');
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR,
                           SIGRTMIN, SIGRTMAX}) {
    child.kill(signal);
  }
  child.kill(SIGTERM);
  CHECK(child.hear() == 's');
}

TEST_CASE("What was blocked or ignored before the start is heard") {
  Child child([](const Pipe& told) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    std::signal(SIGTERM, SIG_IGN);
    return serve(told);
  });
  child.kill(SIGTERM);
  CHECK(child.hear() == 's');
}

struct Terminal : test::Terminal {
  // In the child, whose session it is then.
  void take() {
    keyboard = Fd();
    ioctl(line.get(), TIOCSCTTY, 0);
  }
  void hang_up() {
    line = Fd();
    keyboard = Fd();
  }
};

TEST_CASE("The end of the terminal asks for the end, once; a SIGHUP of somebody for a reload") {
  Terminal terminal;
  Child child([&](const Pipe& told) {
    terminal.take();
    return serve(told);
  });
  child.kill(SIGHUP);  // from the process that started it, but the terminal is there
  CHECK(child.hear() == 'c');
  terminal.hang_up();
  CHECK(child.hear() == 's');
  child.kill(SIGUSR1);
  CHECK(child.hear() == 'r');
  child.kill(SIGTERM);
  CHECK(child.hear() == '!');
}

TEST_CASE("A shell passes the end of the terminal on to what it started in the background") {
  Terminal terminal;
  Child shell([&](const Pipe& told) -> int {
    terminal.take();
    static pid_t job = 0;
    std::signal(SIGHUP, [](int) { kill(job, SIGHUP); });
    job = fork();
    if (job == 0) {
      setpgid(0, 0);
      _exit(serve(told, Signals::Wish::stop));
    }
    for (;;) pause();
  });
  terminal.hang_up();
  CHECK(shell.hear() == 's');
}

TEST_CASE("A process that was started by nohup survives its terminal") {
  Terminal terminal;
  Child child([&](const Pipe& told) {
    std::signal(SIGHUP, SIG_IGN);
    terminal.take();
    return serve(told);
  });
  terminal.hang_up();
  CHECK(child.hear() == 'c');
  child.kill(SIGTERM);
  CHECK(child.hear() == 's');
}

}  // namespace
}  // namespace troika
