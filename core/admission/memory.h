#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace troika {

// What the connections of a process may hold, and what they do. Shared by its workers.
class MemoryBudget {
 public:
  enum class State : std::uint8_t {
    ample,
    scarce,  // less than an eighth is left: requests get 503
    spent,   // nothing is accepted, and those that hold the most are ended
  };

  MemoryBudget(std::size_t most_bytes, unsigned workers) noexcept
      : most_(most_bytes), workers_(workers) {}

  State state() const noexcept {
    const std::size_t held = held_.load(std::memory_order_relaxed);
    if (held > most_) return State::spent;
    return held > most_ - most_ / 8 ? State::scarce : State::ample;
  }
  std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }
  std::size_t most() const noexcept { return most_; }

 private:
  friend class MemoryPart;
  const std::size_t most_;
  const unsigned workers_;
  std::atomic<std::size_t> held_ = 0;
};

// A worker's part of it: no fixed share while there is enough for all. Of one thread.
class MemoryPart {
 public:
  explicit MemoryPart(MemoryBudget& budget) noexcept : budget_(budget) {}  // outlives it
  MemoryPart(const MemoryPart&) = delete;
  MemoryPart& operator=(const MemoryPart&) = delete;
  ~MemoryPart() { tell(0); }

  // What the worker's connections hold now. Small changes are told when they have added up.
  void report(std::size_t held) noexcept {
    const std::size_t change = held > told_ ? held - told_ : told_ - held;
    if (change >= kStep) tell(held);
  }
  MemoryBudget::State state() const noexcept { return budget_.state(); }
  // When memory is spent: how much this worker has to get back, down to seven eighths of its share.
  std::size_t excess() const noexcept {
    const std::size_t share = budget_.most_ / budget_.workers_;
    if (state() != MemoryBudget::State::spent || told_ <= share) return 0;
    return told_ - (share - share / 8);
  }

 private:
  static constexpr std::size_t kStep = 64U << 10U;
  void tell(std::size_t held) noexcept {
    budget_.held_.fetch_add(held - told_, std::memory_order_relaxed);
    told_ = held;
  }

  MemoryBudget& budget_;
  std::size_t told_ = 0;
};

// Who holds memory for a client, and can be ended to get it back.
class MemoryHolder {
 public:
  virtual std::size_t held() const noexcept = 0;  // bytes
  // When its client last took or sent something.
  virtual TimePoint progress_at() const noexcept = 0;
  virtual void shed() noexcept = 0;  // ends it now, whatever it is doing

 protected:
  ~MemoryHolder() = default;
};

// Ends the holders with the most bytes and the least progress, until together they held `bytes`.
// Returns how many those were.
std::size_t shed(std::vector<MemoryHolder*> holders, std::size_t bytes, TimePoint now);

}  // namespace troika
