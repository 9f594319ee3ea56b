#pragma once
#include <string>
#include <string_view>

namespace troika {

// In single quotes where the shell would see more than a word.
std::string shell_word(std::string_view text);

}  // namespace troika
