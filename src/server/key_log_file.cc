#include "server/key_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace troika {

namespace {

Checked<Fd> open_for_owner(const std::string& path) {
  constexpr mode_t kOwnerOnly = 0600;
  // O_NONBLOCK: do not wait for the reader of a pipe.
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, kOwnerOnly));
  struct stat info{};
  if (fd && fstat(fd.get(), &info) == 0 && (!S_ISREG(info.st_mode) || info.st_uid != geteuid())) {
    return std::unexpected(
        formatted("the key log {} is {}: give --keylog a file owned by this user, or a new one",
                  path, S_ISREG(info.st_mode) ? "another user's" : "not a file"));
  }
  // An existing file may be readable by others.
  if (!fd || fchmod(fd.get(), kOwnerOnly) != 0) {
    return std::unexpected(
        formatted("cannot write the key log {} for its owner alone: {}; choose another file with "
                  "--keylog, or leave it out",
                  path, std::strerror(errno)));
  }
  return fd;
}

}  // namespace

Checked<std::unique_ptr<KeyLogFile>> KeyLogFile::open(const std::string& path) {
  return open_for_owner(path).transform(
      [&](Fd fd) { return std::unique_ptr<KeyLogFile>(new KeyLogFile(path, std::move(fd))); });
}

void KeyLogFile::reopen() {
  writer_.reopen([path = path_](LogOutput& out) {
    return open_for_owner(path).transform([&](Fd fd) { out.use(std::move(fd)); });
  });
}

}  // namespace troika
