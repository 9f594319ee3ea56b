#pragma once
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "os/fd.h"

namespace troika::test {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    out = Fd(ends[0]);
    in = Fd(ends[1]);
  }
  Fd out, in;
};

struct Terminal {
  Terminal() {
    int master = -1, slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    keyboard = Fd(master);
    line = Fd(slave);
  }
  Fd keyboard, line;
};

}  // namespace troika::test
