#include "tls/tickets/replay_register.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <set>

namespace troika::tls {

class ReplayRegister::Impl {
 public:
  Impl(const Clock& clock, std::size_t entries, Duration window)
      : clock_(clock), entries_(entries), window_(window) {}

  bool admit(std::span<const std::byte, 32> client_random, WallTime ticket_given) {
    Hello hello{};
    std::ranges::copy(client_random, hello.begin());
    const std::lock_guard lock(mutex_);
    const TimePoint now = clock_.now();
    forget(now);
    const WallTime wall = clock_.wall();
    latest_ = std::max(latest_, wall);
    if (wall + kSlack < std::max(latest_, ticket_given)) {
      ++counters_.rejected;
      return false;
    }
    if (hellos_.contains(hello)) {
      ++counters_.replayed;
      return false;
    }
    if (hellos_.size() >= entries_) {
      ++counters_.rejected;
      return false;
    }
    by_age_.push_back({now, hellos_.insert(hello).first});
    ++counters_.accepted;
    return true;
  }
  void count_rejected() {
    const std::lock_guard lock(mutex_);
    ++counters_.rejected;
  }
  Counters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }

 private:
  using Hello = std::array<std::byte, 32>;
  struct Entry {
    TimePoint seen;
    std::set<Hello>::iterator hello;
  };

  void forget(TimePoint now) {
    while (!by_age_.empty() && by_age_.front().seen + window_ < now) {
      hellos_.erase(by_age_.front().hello);
      by_age_.pop_front();
    }
  }

  // Tickets contain whole seconds, and clocks are corrected by less.
  static constexpr std::chrono::seconds kSlack{2};

  const Clock& clock_;
  const std::size_t entries_;
  const Duration window_;
  mutable std::mutex mutex_;
  // Sorted, not hashed: clients choose the content.
  std::set<Hello> hellos_;
  std::deque<Entry> by_age_;
  Counters counters_;
  WallTime latest_{};  // wall time
};

ReplayRegister::ReplayRegister(const Clock& clock, std::size_t entries, Duration window)
    : impl_(std::make_unique<Impl>(clock, entries, window)) {}

ReplayRegister::~ReplayRegister() = default;

bool ReplayRegister::admit(std::span<const std::byte, 32> client_random, WallTime ticket_given) {
  return impl_->admit(client_random, ticket_given);
}

void ReplayRegister::count_rejected() noexcept { impl_->count_rejected(); }

ReplayRegister::Counters ReplayRegister::counters() const { return impl_->counters(); }

}  // namespace troika::tls
