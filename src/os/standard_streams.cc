#include "os/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace troika {

bool open_closed_streams() noexcept {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() gives the lowest number that is free.
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return false;
  }
  return true;
}

}  // namespace troika
