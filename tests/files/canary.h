#pragma once
#include <string>
#include <string_view>

#include "tools/parity/ask.h"

namespace troika::files {

// A text that nobody can guess, for files that nobody may get.
class Canary {
 public:
  // `size`: of no other file, and enough to be compressed.
  explicit Canary(std::size_t size = 2741);
  const std::string& text() const noexcept { return text_; }

  // Where an answer shows any of it: its text, as it is or in any coding, its digest, or its size
  // in a field. Empty: nowhere.
  std::string seen_in(const parity::Answer& answer) const;

 private:
  bool shows_size(std::string_view name, std::string_view value) const;

  std::string word_, text_, digest_;
};

}  // namespace troika::files
