#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace troika::fuzz {

inline void require(bool holds, const char* what = "a rule of this target") {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// The input, read from the front; zeros when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(std::as_bytes(std::span(data, size))) {}
  bool empty() const { return rest_.empty(); }
  unsigned byte() { return empty() ? 0U : std::to_integer<unsigned>(bytes(1)[0]); }
  std::span<const std::byte> bytes(std::size_t most) {
    const auto taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::string text(std::size_t most) {
    const auto taken = bytes(most);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  // One of them, as the next byte says. Of fewer than 256.
  template <class T, std::size_t N>
  const T& pick(const std::array<T, N>& from) {
    return from[byte() % N];
  }

 private:
  std::span<const std::byte> rest_;
};

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
