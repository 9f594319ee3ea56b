#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace troika {

// All randomness comes from a Random that is passed in, so that a test can repeat a run.
class Random {
 public:
  virtual void fill(std::span<std::byte> bytes) noexcept = 0;
  std::uint64_t u64() noexcept;

 protected:
  ~Random() = default;
};

// The kernel's generator (getrandom).
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) noexcept override;
};

// SplitMix64: repeatable, not for secrets; tests and simulations only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}
  void fill(std::span<std::byte> bytes) noexcept override;
  std::uint64_t next() noexcept;
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  // True with probability p.
  bool chance(double p) noexcept;

 private:
  std::uint64_t state_;
};

}  // namespace troika
