#include "server/qlog_file.h"

#include <fcntl.h>

#include <cerrno>

namespace troika {

int QlogFile::write(int folder, std::string_view records) noexcept {
  if (error_ != 0 || records.empty()) return error_;
  // The logs tell of tokens and reset tokens, which are nobody else's business. A client chooses
  // the name, so nothing that is there already is opened.
  if (!fd_) fd_ = Fd(openat(folder, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd_ && write_all(records)) {
    written_ += static_cast<off_t>(records.size());
    return 0;
  }
  error_ = errno;
  if (fd_ && ftruncate(fd_.get(), written_) != 0) error_ = errno;
  return error_;
}

bool QlogFile::write_all(std::string_view records) noexcept {
  while (!records.empty()) {
    const ssize_t n = ::write(fd_.get(), records.data(), records.size());
    if (n >= 0) {
      records.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace troika
