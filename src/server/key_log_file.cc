#include "server/key_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <format>

namespace troika {

Checked<std::unique_ptr<KeyLogFile>> KeyLogFile::open(const std::string& path) {
  constexpr mode_t kOwnerOnly = 0600;
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kOwnerOnly));
  // One that was there before may be open to others.
  if (!fd || fchmod(fd.get(), kOwnerOnly) != 0) {
    return std::unexpected(
        std::format("cannot write the key log {} for its owner alone: {}; choose another file with "
                    "--keylog, or leave it out",
                    path, std::strerror(errno)));
  }
  return std::unique_ptr<KeyLogFile>(new KeyLogFile(std::move(fd)));
}

}  // namespace troika
