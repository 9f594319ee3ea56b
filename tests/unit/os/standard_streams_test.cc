#include "os/process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace troika {
namespace {

bool is_null_device(int fd) {
  struct stat info{};
  return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

// Closes those streams whose bits are set; the others are a pipe. 0: all is as it should be.
int in_child(unsigned closed) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  for (int fd = 0; fd < 3; ++fd) {
    if (dup2(ends[1], fd) != fd) return 2;
  }
  for (int fd = 0; fd < 3; ++fd) {
    if ((closed >> static_cast<unsigned>(fd) & 1U) != 0) close(fd);
  }
  if (!open_closed_streams()) return 3;
  for (int fd = 0; fd < 3; ++fd) {
    if (is_null_device(fd) != ((closed >> static_cast<unsigned>(fd) & 1U) != 0)) return 4;
  }
  return open("/", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 5;
}

}  // namespace

TEST_CASE("Streams that are closed at start are opened on /dev/null, and no others") {
  for (unsigned closed = 0; closed < 8; ++closed) {
    CAPTURE(closed);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) _exit(in_child(closed));
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}

}  // namespace troika
