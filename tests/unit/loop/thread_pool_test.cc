#include "loop/thread_pool.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <system_error>

#include "loop/loop.h"

namespace troika {
namespace {

constexpr uid_t kNobody = 64123;  // an id of no user: nothing else runs under it

// What starting a pool of four threads comes to in a process that may have `threads`: 0 when it
// does, 1 when it is refused with EAGAIN.
int outcome_with(unsigned threads) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{.rlim_cur = threads, .rlim_max = threads};
    unsetenv("UV_THREADPOOL_SIZE");
    // root is not held to the limit
    if (setrlimit(RLIMIT_NPROC, &limit) != 0 || setuid(kNobody) != 0) _exit(2);
    try {
      Loop loop;
      start_thread_pool(loop, 4);
    } catch (const std::system_error& error) {
      _exit(error.code() == std::errc::resource_unavailable_try_again ? 1 : 3);
    }
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("A thread pool for which there are too few threads is an exception, not an abort") {
#ifdef __SANITIZE_THREAD__
  SKIP("ThreadSanitizer has no threads after a fork");
#endif
  if (geteuid() != 0) SKIP("only root can take the name of a user who has no processes");
  CHECK(outcome_with(5) == 0);
  CHECK(outcome_with(4) == 1);
  CHECK(outcome_with(1) == 1);
}

}  // namespace
}  // namespace troika
