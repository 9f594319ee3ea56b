#pragma once
#include "base/error.h"
#include "tools/parity/ask.h"
#include "tools/parity/fixture.h"

namespace troika::parity {

struct Generated {
  std::size_t number;
  std::string profile;
  Ask ask;
};
inline constexpr std::size_t kGeneratedRequests = 2000;
inline constexpr std::uint64_t kGeneratedSeed = 20260;

// The same for the same seed, on every machine.
std::vector<Generated> generate(const Fixture& fixture, std::size_t count, std::uint64_t seed);

}  // namespace troika::parity
