#include "os/user.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

std::string refusal(const std::string& name, uid_t running) {
  const auto user = find_user(name, running);
  return user ? "" : user.error();
}

}  // namespace

TEST_CASE("A user is found by name, for root alone") {
  const auto user = find_user("nobody", 0);
  REQUIRE(user);
  CHECK(user->name == "nobody");
  CHECK(user->uid != 0);
  CHECK(user->gid != 0);
  CHECK(refusal("nobody", 1000) ==
        "--user nobody works only when root starts the server: start it as root, or as nobody "
        "without --user");
}

TEST_CASE("A user that is missing or has root's rights is refused in a sentence") {
  CHECK(refusal("no-such-user", 0) ==
        "--user no-such-user: this machine has no user \"no-such-user\"; create it, or give "
        "another name");
  CHECK(refusal("no-such-user", 1000) == refusal("no-such-user", 0));
  CHECK(refusal("root", 0) ==
        "--user root would keep root's rights: give a user without rights of its own, such as "
        "www-data");
  CHECK(refusal("root", 1000) == refusal("root", 0));
}

TEST_CASE("A protected process leaves no core file and gains no rights") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    protect_process();
    rlimit core{};
    const bool none = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
                      core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 &&
                      prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    _exit(none ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
