#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace troika::certs {

// An exclusive lock on a file in a folder; one process (or thread) holds it at a time.
class FolderLock {
 public:
  // Creates the folder (0700) if it is missing; waits for the lock for at most `wait`.
  static Checked<FolderLock> take(const std::filesystem::path& folder,
                                  std::chrono::milliseconds wait);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_;
};

// The file's text; empty when it is missing. Changes a file that others can read to 0600.
std::string read_private(const std::filesystem::path& file);
// Writes all or nothing; only the user can read the file. The caller holds the folder's lock.
Checked<void> write_private(const std::filesystem::path& file, std::string_view text);

}  // namespace troika::certs
