#include "server/qlog_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

namespace troika {

std::uint64_t bytes_of_qlogs(int folder) noexcept {
  // A descriptor of its own: the place in the list belongs to what was opened.
  Fd fd(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> list(fdopendir(fd.get()), closedir);
  if (list == nullptr) return 0;
  static_cast<void>(fd.release());  // the list's
  std::uint64_t bytes = 0;
  while (const dirent* const entry = readdir(list.get())) {
    struct stat info{};
    if (!std::string_view(entry->d_name).ends_with(kQlogSuffix)) continue;
    if (fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(info.st_mode)) bytes += static_cast<std::uint64_t>(info.st_size);
  }
  return bytes;
}

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
