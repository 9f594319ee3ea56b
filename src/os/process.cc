#include "os/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <format>
#include <initializer_list>
#include <new>
#include <string_view>

namespace troika {

bool open_closed_streams() noexcept {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() gives the lowest number that is free.
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return false;
  }
  return true;
}

std::string shortage_text(const std::error_code& error) {
  if (error == std::errc::resource_unavailable_try_again) {
    return "the system gives this process no more threads: raise the limits of threads (ulimit -u, "
           "or pids.max of its cgroup) and of memory (ulimit -v), or start fewer with --workers";
  }
  if (error == std::errc::too_many_files_open ||
      error == std::errc::too_many_files_open_in_system) {
    return "out of file descriptors: raise the limit with ulimit -n, or start fewer workers with "
           "--workers";
  }
  if (error == std::errc::no_space_on_device) {
    return "the kernel watches no more sockets for this user: raise fs.epoll.max_user_watches with "
           "sysctl";
  }
  if (error == std::errc::not_enough_memory) {
    return "not enough memory: give this process more, or start fewer workers with --workers";
  }
  return std::format("the server cannot be started: {}", error.message());
}

// Every part of the program may be the one that needs more, and none has a way on.
void end_without_memory() noexcept {
  std::set_new_handler([] {
    constexpr std::string_view kText =
        "troika: not enough memory: give this process more, or start fewer workers with "
        "--workers\n";
    static_cast<void>(!write(STDERR_FILENO, kText.data(), kText.size()));
    _exit(1);
  });
}

}  // namespace troika
