// A configuration file: it is read, or its errors are told; and what is printed of it, read again,
// prints the same.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"
#include "config/config_file.h"
#include "config/print_config.h"
#include "fuzz/cases.h"

using namespace troika;
using fuzz::require;

namespace {

// A file in memory, which is read by its name.
class MemoryFile {
 public:
  const std::string& with(const void* data, std::size_t size) {
    require(ftruncate(fd_, 0) == 0 && pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size));
    return path_;
  }

 private:
  int fd_ = memfd_create("config", MFD_CLOEXEC);
  std::string path_ = formatted("/proc/self/fd/{}", fd_);
};

std::optional<std::string> variable(const std::string& name) {
  if (name == "SET") return "value";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MemoryFile file;
  const FileLimits limits{.includes = 10, .bytes = 1U << 20U, .routes = 1000};
  const auto read = read_config({.file = file.with(data, size)}, variable, limits);
  if (!read) {
    require(read.error().errors() > 0 && read.error().errors() <= Findings::kMost);
    require(!errors_text(read.error()).empty());
    return 0;
  }
  const std::string printed = print_config(read->config, read->secrets, nullptr);
  const auto again =
      read_config({.file = file.with(printed.data(), printed.size())}, variable, limits);
  require(again.has_value(), "what is printed can be read");
  require(print_config(again->config, {}, nullptr) == print_config(read->config, {}, nullptr),
          "what is printed means the same");
  return 0;
}
