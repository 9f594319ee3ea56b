#pragma once
#include <filesystem>
#include <string>

#include "base/error.h"

namespace troika::parity {

// The folder of README.md, somewhere temporary; gone with this.
class Fixture {
 public:
  Fixture();
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture();

  const std::filesystem::path& root() const noexcept { return root_; }
  // The bytes of a file, by its name below the root.
  Checked<std::string> read(const std::string& file) const;

 private:
  std::filesystem::path above_, root_;
};

}  // namespace troika::parity
