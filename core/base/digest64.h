#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace troika {

// A digest that is the same in every run, to detect changes (FNV-1a, Fowler, Noll and Vo). It does
// not resist deliberate collisions.
class Digest64 {
 public:
  Digest64& add(std::span<const std::byte> bytes) noexcept {
    for (const std::byte each : bytes) {
      value_ = (value_ ^ std::to_integer<std::uint64_t>(each)) * kPrime;
    }
    return *this;
  }
  Digest64& add(std::unsigned_integral auto number) noexcept {
    return add(std::as_bytes(std::span(&number, 1)));
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  static constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace troika
