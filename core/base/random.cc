#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace troika {

std::uint64_t Random::u64() noexcept {
  std::uint64_t value = 0;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

void SystemRandom::fill(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = getrandom(bytes.data(), bytes.size(), 0);
    if (n > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      std::abort();  // without randomness no key, id or token is safe
    }
  }
}

std::uint64_t SeededRandom::next() noexcept {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

void SeededRandom::fill(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const std::uint64_t value = next();
    const std::size_t n = std::min(bytes.size(), sizeof value);
    std::memcpy(bytes.data(), &value, n);
    bytes = bytes.subspan(n);
  }
}

bool SeededRandom::chance(double p) noexcept {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53 < p;
}

}  // namespace troika
