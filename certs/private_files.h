#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace troika::certs {

// An exclusive lock on a file of a folder, held by one process (or thread) at a time.
class FolderLock {
 public:
  // Makes the folder (0700) when it is not there; waits for the lock, but not longer than `wait`.
  static Checked<FolderLock> take(const std::filesystem::path& folder,
                                  std::chrono::milliseconds wait);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_;
};

// The file's text, or nothing when it is missing. What others could read becomes 0600.
std::string read_private(const std::filesystem::path& file);
// Whole or not at all, readable by the user only. The caller holds the folder's lock.
Checked<void> write_private(const std::filesystem::path& file, std::string_view text);

}  // namespace troika::certs
