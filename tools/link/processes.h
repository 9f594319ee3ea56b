#pragma once
#include <sys/types.h>

#include <functional>
#include <string>

#include "base/error.h"
#include "loop/loop.h"

namespace troika::link {

// Runs `inside` in a process with a process namespace and a /proc of its own, and returns its exit
// code. Whatever ends that process or this one, even SIGKILL, ends everything that was started
// inside. SIGINT, SIGTERM and SIGHUP go to the inner process. The error is one sentence.
Checked<int> run_inside(const std::function<int()>& inside);

// A command of the shell in the network namespace `space`.
enum class Group : unsigned char {
  ours,  // it has our terminal
  own    // it and what it starts can get a signal together: kill(-pid)
};
Checked<pid_t> start(const std::string& command, int space, Group group);

// Calls back on the loop when a child has ended, or when the end of the whole is requested. Of the
// process that run_inside() runs, which inherits the children that lose their parent.
class Children {
 public:
  using OnEnd = std::move_only_function<void(pid_t pid, int code)>;  // 128 + N: by signal N

  // Throws as make_own_poll() does.
  Children(Loop& loop, OnEnd on_end, std::move_only_function<void()> on_stop);
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

 private:
  void on_readable();

  OnEnd on_end_;
  std::move_only_function<void()> on_stop_;
  Fd signals_;
  Handle<uv_poll_s> poll_;
};

}  // namespace troika::link
