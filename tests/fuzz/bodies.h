#pragma once
#include <string>
#include <vector>

#include "fuzz/cases.h"
#include "support/session_harness.h"

namespace troika::fuzz {

inline constexpr std::size_t kMostSteps = 4;

// What a body does, as the input says.
inline std::vector<test::BodyStep> steps_from(Input& input) {
  using test::BodyStep;
  std::vector<BodyStep> steps;
  for (std::size_t n = input.byte() % (kMostSteps + 1); n > 0; --n) {
    const unsigned kind = input.byte();
    if (kind % 8 == 0) {
      steps.push_back(BodyStep::error());
    } else if (kind % 3 == 0) {
      steps.push_back(BodyStep::blocked());
    } else {
      steps.push_back(BodyStep::data(std::string(1 + kind, 'x')));
    }
  }
  return steps;
}

}  // namespace troika::fuzz
