#pragma once
#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace troika::test {

// How many generated cases are held against a model: sanitizers are about the code, not the rules.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t kModelCases = 10'000;
#else
inline constexpr std::size_t kModelCases = 1'000'000;
#endif

// Small choices, many to one random number.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : random_(seed) {}

  std::uint64_t u64() { return random_.next(); }
  std::size_t below(std::size_t bound) {  // bound at most 1000
    if (left_ < 1'000'000) left_ = random_.next();
    const std::uint64_t value = left_ % bound;
    left_ /= bound;
    return value;
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <typename T, std::size_t N>
  const T& pick(const T (&values)[N]) {
    return values[below(N)];
  }

 private:
  SeededRandom random_;
  std::uint64_t left_ = 0;
};

}  // namespace troika::test
