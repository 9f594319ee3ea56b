#pragma once
#include <span>
#include <string>
#include <vector>

namespace troika {

// What to say of a command line that cannot be understood: one sentence, with what was meant.
// `words` are those behind the program's name.
using Words = std::vector<std::string>;

// "serve" is missing, or stands behind words of its own.
std::string misplaced_command_hint(const Words& words);
// `left` is what "serve" has no use for, `folder` what it took for DIR.
std::string leftover_hint(const Words& words, const Words& left, const std::string& folder);

}  // namespace troika
