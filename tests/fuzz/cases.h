#pragma once
#include <cstdlib>
#include <string_view>

namespace troika::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
  return line;
}

// One input may hold many cases: a line of "---" ends one. They are all run.
template <class Run>
void for_each_case(std::string_view input, Run run) {
  constexpr std::string_view kEnd = "---\n";
  while (true) {
    std::size_t end = input.starts_with(kEnd) ? 0 : input.find("\n---\n");
    if (end == std::string_view::npos) return run(input);
    if (end > 0 || !input.starts_with(kEnd)) ++end;
    run(input.substr(0, end));
    input.remove_prefix(end + kEnd.size());
  }
}

}  // namespace troika::fuzz
