#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "ports/file_reader.h"

namespace troika {

class UvRootFolder final : public RootFolder {
 public:
  UvRootFolder(Id id, Fd fd) : RootFolder(id), fd_(std::move(fd)) {}
  const SharedFd& fd() const noexcept { return fd_; }

 private:
  SharedFd fd_;
};

// One look at the path of a root: its result and time.
struct RootLook {
  int error = 0;  // errno; 0: it is there
  TimePoint begun, ended;
};
// Called for each look, on the worker.
using RootReport = std::function<void(const RootLook&)>;

// FileReader::find_root for a path.
std::unique_ptr<Operation> find_root_folder(Loop& loop, const std::string& path,
                                            const RootReport& report, FileReader::Found done);

// Opens a folder to serve. The error is one sentence.
Checked<Fd> open_root(const std::string& path);

// An absolute path that leads to the folder as long as it keeps its name, even if the working
// folder is moved or removed. `path` itself when there is none.
std::string lasting_path(const std::string& path);

}  // namespace troika
