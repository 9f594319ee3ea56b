#include "base/text.h"

#include <iterator>

namespace troika {

std::string vformatted(std::string_view text, std::format_args args) {
  return std::vformat(text, args);
}

void append_vformatted(std::string& to, std::string_view text, std::format_args args) {
  std::vformat_to(std::back_inserter(to), text, args);
}

}  // namespace troika
