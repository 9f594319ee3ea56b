#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "os/fd.h"

namespace troika {

inline constexpr std::string_view kQlogSuffix = ".sqlog";

// Of all files of logs in the folder, whoever made them.
std::uint64_t bytes_of_qlogs(int folder) noexcept;

// The file of one log, on the thread that writes.
class QlogFile {
 public:
  explicit QlogFile(std::string name) : name_(std::move(name)) {}

  // Makes the file in `folder` the first time. 0, or an errno: then nothing of `records` is in it,
  // nor will be of others, as a log with a gap would mislead.
  int write(int folder, std::string_view records) noexcept;

 private:
  bool write_all(std::string_view records) noexcept;  // false: errno says why

  std::string name_;
  Fd fd_;
  off_t written_ = 0;
  int error_ = 0;
};

}  // namespace troika
