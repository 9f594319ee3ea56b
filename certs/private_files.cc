#include "certs/private_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

namespace troika::certs {
namespace {

constexpr std::size_t kMaxFile = 64U << 10U;  // far more than any file written here
constexpr mode_t kOwnerOnly = 0600;

class Descriptor {
 public:
  explicit Descriptor(int value) noexcept : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const noexcept { return value_; }
  int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

std::unexpected<std::string> trouble(std::string_view what, const std::filesystem::path& where,
                                     int error) {
  return std::unexpected(std::string(what) + " " + where.string() +
                         " failed: " + std::generic_category().message(error) +
                         ". Set TROIKA_STATE_DIR to a folder that this user can write to.");
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Checked<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  // An existing folder keeps its mode: the user may share it on purpose.
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  const int why = errno;
  if (why == EEXIST && std::filesystem::is_directory(folder, error)) return {};
  return trouble("Making the folder", folder, error ? error.value() : why);
}

}  // namespace

Checked<FolderLock> FolderLock::take(const std::filesystem::path& folder,
                                     std::chrono::milliseconds wait) {
  constexpr std::chrono::milliseconds kPause(10);
  if (auto made = make_folder(folder); !made) return std::unexpected(std::move(made.error()));
  const auto file = folder / "lock";
  Descriptor descriptor(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (descriptor.get() < 0) return trouble("Opening the file", file, errno);
  // A blocking flock() would wait as long as another process hangs.
  while (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return trouble("Locking the file", file, errno);
    if (wait <= wait.zero()) {
      return std::unexpected("Another process holds the lock on " + file.string() +
                             ": end it, or set TROIKA_STATE_DIR to another folder.");
    }
    std::this_thread::sleep_for(kPause);
    wait -= kPause;
  }
  return FolderLock(descriptor.release());
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);  // also releases the lock
}

std::string read_private(const std::filesystem::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &info) != 0) return {};
  if (!S_ISREG(info.st_mode)) return {};
  if ((info.st_mode & 077U) != 0) ::fchmod(descriptor.get(), kOwnerOnly);
  std::string text(kMaxFile, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t n = ::read(descriptor.get(), text.data() + filled, text.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    filled += static_cast<std::size_t>(n);
  }
  text.resize(filled);
  return text;
}

Checked<void> write_private(const std::filesystem::path& file, std::string_view text) {
  auto temporary = file;
  temporary += ".new";
  ::unlink(temporary.c_str());  // left behind by a process killed while it held the lock
  Descriptor descriptor(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (descriptor.get() < 0) return trouble("Making the file", temporary, errno);
  const bool written = write_all(descriptor.get(), text) && ::close(descriptor.release()) == 0;
  if (written && ::rename(temporary.c_str(), file.c_str()) == 0) return {};
  const int why = errno;
  ::unlink(temporary.c_str());
  return trouble("Writing the file", file, why);
}

}  // namespace troika::certs
